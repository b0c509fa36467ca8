#include "scripted_history.hpp"

using namespace std::chrono_literals;
using namespace zevi;
using namespace zevi::test;

TEST_CASE("nothing is delivered before the barrier, and then from where the broker stands") {
  Reader reader;
  CHECK_FALSE(reader.catch_up.has_begun());
  CHECK(reader.read().empty());
  reader.be_live();
  CHECK(reader.catch_up.has_begun());
  reader.live({.topic = "E_A", .q = 5});
  CHECK(reader.read() == Words{"E_A5"});
}

TEST_CASE("what came between the barrier and the answer is wanted") {
  Reader reader;
  reader.live({.topic = "E_A", .q = 4});
  reader.catch_up.go(7, reader.now);
  reader.live({.topic = "E_A", .q = 5});
  reader.answer_opening({{"E_A", 6}});
  CHECK(reader.read() == Words{"E_A4", "E_A5"});
}

TEST_CASE("a gap asks for the range that is missing alone, and goes on behind it") {
  Reader reader;
  reader.be_live();
  reader.live({.topic = "E_A", .q = 8});
  reader.live({.topic = "E_B", .q = 1});
  const wire::ReplayRequest request = reader.line.question();
  CHECK(request.t == std::vector<std::string_view>{"E_A"});
  CHECK(request.from == std::vector<wire::TopicCount>{{"E_A", 5}});
  CHECK(request.to == std::vector<wire::TopicCount>{{"E_A", 7}});
  CHECK(request.b == 7);
  CHECK(reader.read().empty());
  reader.line.store(request.i, {.topic = "E_A", .q = 5, .n = 3});
  reader.line.end({.i = request.i, .b = 7, .next = {{"E_A", 8}}});
  CHECK(reader.read() == Words{"E_A5", "E_A6", "E_A7", "E_A8", "E_B1"});
  CHECK(reader.delivery.statistics().replayed == 3);
  CHECK(reader.delivery.statistics().lost == 0);
}

TEST_CASE("what the history has no more is told, and not asked for again") {
  Reader reader;
  reader.be_live();
  reader.live({.topic = "E_A", .q = 8});
  const wire::ReplayRequest request = reader.line.question();
  reader.line.end({.i = request.i, .b = 7, .next = {{"E_A", 8}}, .gone = {{"E_A", 5, 7}}});
  CHECK(reader.read() == Words{"lost 3 events of E_A (q 5..7)", "E_A8"});
  CHECK(reader.line.questions.empty());
}

TEST_CASE("an answer that brings nothing of what is missing ends the matter") {
  Reader reader;
  reader.be_live();
  reader.live({.topic = "E_A", .q = 8});
  const wire::ReplayRequest request = reader.line.question();
  reader.line.end({.i = request.i, .b = 7, .next = {}});
  CHECK(reader.read() == Words{"lost 3 events of E_A (q 5..7)", "E_A8"});
}

TEST_CASE("a long answer is asked for until it ends") {
  Reader reader(from_oldest());
  reader.catch_up.go(7, reader.now);
  reader.answer_opening({{"E_A", 9}});
  CHECK(reader.read().empty());
  wire::ReplayRequest request = reader.line.question();
  CHECK_FALSE(request.from);
  CHECK_FALSE(request.since);
  CHECK_FALSE(request.last);
  reader.line.store(request.i, {.topic = "E_A", .q = 3, .n = 2});
  reader.line.end({.i = request.i, .b = 7, .next = {{"E_A", 5}}, .more = true});
  CHECK(reader.read() == Words{"E_A3", "E_A4"});
  CHECK_FALSE(reader.catch_up.has_caught_up());
  request = reader.line.question();
  CHECK(request.from == std::vector<wire::TopicCount>{{"E_A", 5}});
  reader.line.store(request.i, {.topic = "E_A", .q = 5, .n = 4});
  reader.line.end({.i = request.i, .b = 7, .next = {{"E_A", 9}}});
  CHECK(reader.read().size() == 4);
  CHECK(reader.catch_up.has_caught_up());
}

TEST_CASE("the last events are cut at their number, and fewer are no gap") {
  Beginning beginning;
  beginning.last = 3;
  Reader reader(beginning);
  reader.catch_up.go(7, reader.now);
  reader.answer_opening({{"E_A", 11}, {"E_B", 6}});
  CHECK(reader.read().empty());
  const wire::ReplayRequest request = reader.line.question();
  CHECK(request.from == std::vector<wire::TopicCount>{{"E_A", 8}, {"E_B", 3}});
  reader.line.store(request.i, {.topic = "E_A", .q = 6, .n = 5});
  reader.line.store(request.i, {.topic = "E_B", .q = 5});
  reader.line.end({.i = request.i, .b = 7, .next = {{"E_A", 11}, {"E_B", 6}}, .gone = {{"E_B", 3, 4}}});
  CHECK(reader.read() == Words{"E_A8", "E_A9", "E_A10", "E_B5"});
}

TEST_CASE("numbers to begin at that are gone are told") {
  Beginning beginning;
  beginning.numbers = {{"E_A", 4}};
  Reader reader(beginning);
  reader.catch_up.go(7, reader.now);
  reader.answer_opening({{"E_A", 11}});
  CHECK(reader.read().empty());
  const wire::ReplayRequest request = reader.line.question();
  reader.line.store(request.i, {.topic = "E_A", .q = 6, .n = 5});
  reader.line.end({.i = request.i, .b = 7, .next = {{"E_A", 11}}});
  CHECK(reader.read().front() == "lost 2 events of E_A (q 4..5)");
}

TEST_CASE("a new epoch whose numbers begin anew is read from the first one on") {
  Reader reader;
  reader.be_live();
  reader.live({.topic = "E_A", .q = 5, .p = 5});
  CHECK(reader.read() == Words{"E_A5"});
  // A live message of the new broker may come before the word that there is a new connection.
  reader.live({.topic = "E_A", .epoch = 8, .q = 4, .p = 11});
  CHECK(reader.catch_up.waits_for_barrier());
  reader.catch_up.go(8, reader.now);
  reader.answer_opening({{"E_A", 5}}, 8);
  const Words changed = reader.read();
  REQUIRE(changed.size() == 1);
  CHECK(changed[0].find("new numbering") != std::string::npos);
  const wire::ReplayRequest request = reader.line.question();
  CHECK(request.from == std::vector<wire::TopicCount>{{"E_A", 1}});
  CHECK(request.b == 8);
  reader.line.store(request.i, {.topic = "E_A", .epoch = 8, .q = 2, .n = 3, .p = 9});
  reader.line.end({.i = request.i, .b = 8, .next = {{"E_A", 5}}});
  CHECK(reader.read() == Words{"lost 1 event of E_A (q 1)",
                               "2 events of E_A were lost with the broker (publisher 99, p 7..8)", "E_A2",
                               "E_A3", "E_A4"});
}

TEST_CASE("a broker that numbers on behind what it kept moves a reader back that had seen more") {
  Reader reader;
  reader.be_live();
  reader.live({.topic = "E_A", .q = 5, .n = 6});
  CHECK(reader.read().size() == 6);
  reader.catch_up.lose_connection();
  reader.catch_up.go(8, reader.now);
  wire::ReplayRequest request = reader.line.question();
  CHECK(request.b == 7);
  reader.line.end({.i = request.i, .b = 8, .next = {{"E_A", 10}}, .ended = {{{"E_A", 7}}}});
  CHECK(reader.read().size() == 1);
  request = reader.line.question();
  CHECK(request.from == std::vector<wire::TopicCount>{{"E_A", 8}});
  reader.line.store(request.i, {.topic = "E_A", .epoch = 8, .q = 8, .n = 2, .p = 11});
  reader.line.end({.i = request.i, .b = 8, .next = {{"E_A", 10}}});
  CHECK(reader.read() == Words{"E_A8", "E_A9"});
  CHECK(reader.delivery.statistics().lost == 0);
  CHECK(reader.delivery.statistics().lost_with_broker == 0);
}

TEST_CASE("what is missing behind the last event is asked for once it is quiet, and only once") {
  Reader reader;
  reader.be_live();
  reader.live({.topic = "E_A", .q = 5});
  CHECK(reader.read().size() == 1);
  reader.now = reader.catch_up.due();
  reader.catch_up.look(reader.now);
  const wire::ReplayRequest request = reader.line.question();
  CHECK(request.from == std::vector<wire::TopicCount>{{"E_A", 6}});
  reader.line.store(request.i, {.topic = "E_A", .q = 6});
  reader.line.end({.i = request.i, .b = 7, .next = {{"E_A", 7}}});
  CHECK(reader.read() == Words{"E_A6"});
  CHECK(reader.catch_up.due() == Clock::time_point::max());
}

TEST_CASE("who only wants what is live does not wait for a history that is not there") {
  Reader reader;
  reader.line.is_there = false;
  reader.catch_up.go(7, reader.now);
  CHECK(reader.catch_up.has_begun());
  reader.live({.topic = "E_A", .q = 5});
  CHECK(reader.read() == Words{"E_A5"});
  reader.live({.topic = "E_A", .q = 7});
  CHECK(reader.read() == Words{"lost 1 event of E_A (q 6)", "E_A7"});
}

TEST_CASE("who wants the history asks for it for 30 seconds and then says that it is missing") {
  Reader reader(from_oldest());
  reader.catch_up.go(7, reader.now);
  reader.live({.topic = "E_A", .q = 5});
  const Clock::time_point begin = reader.now;
  while (!reader.catch_up.has_caught_up()) {
    CHECK(reader.read().empty());
    reader.now = reader.catch_up.due();
    REQUIRE(reader.now - begin < 60s);
    reader.catch_up.look(reader.now);
  }
  CHECK(reader.now - begin >= 30s);
  CHECK(reader.line.questions.size() > 5);
  const Words said = reader.read();
  REQUIRE(said.size() == 2);
  CHECK(said[0] == "the history cannot be had, reading what is live: there was no answer");
  CHECK(said[1] == "E_A5");
}

TEST_CASE("a refusal is told in the broker's words when asking is given up") {
  Reader reader(from_oldest());
  reader.catch_up.go(7, reader.now);
  for (int i = 0; i < 100 && !reader.catch_up.has_caught_up(); ++i) {
    const wire::ReplayRequest request = reader.line.question();
    reader.line.end({.i = request.i, .b = 7, .reason = "too many readers"});
    CHECK(reader.catch_up.step(reader.now));
    if (reader.catch_up.has_caught_up()) break;
    reader.now = reader.catch_up.due();
    reader.catch_up.look(reader.now);
  }
  CHECK(reader.read() == Words{"the history cannot be had, reading what is live: too many readers"});
}

TEST_CASE("an answer of another broker than that of the events is not taken") {
  Reader reader(from_oldest());
  reader.catch_up.go(7, reader.now);
  reader.answer_opening({{"E_A", 5}}, 8);
  CHECK(reader.read().empty());
  CHECK_FALSE(reader.catch_up.has_begun());
  CHECK(reader.catch_up.due() < reader.now + 1s);
}

TEST_CASE("no more is held than the budget, and none of it while a question is open is read") {
  Reader reader({}, 2000);
  reader.be_live();
  reader.live({.topic = "E_A", .q = 8});
  for (std::uint64_t q = 9; reader.catch_up.wants_live(); ++q) {
    REQUIRE(q < 100);
    reader.live({.topic = "E_A", .q = q});
  }
  // A barrier stands behind what has to be read to find it.
  reader.catch_up.lose_connection();
  CHECK(reader.catch_up.wants_live());
}

TEST_CASE("a cursor counts more than a time to begin at, however often it has to be asked") {
  Beginning beginning;
  beginning.since_ns = 1;
  Reader reader(beginning);
  subscriber::Position position;
  position.epoch = 7;
  position.next = {{"E_A", 5}};
  reader.delivery.restore(position);
  for (int i = 0; i < 2; ++i) {
    reader.catch_up.go(7, reader.now);
    reader.answer_opening({{"E_A", 9}});
    CHECK(reader.read().empty());
    const wire::ReplayRequest request = reader.line.question();
    CHECK_FALSE(request.since);
    CHECK(request.from == std::vector<wire::TopicCount>{{"E_A", 5}});
    reader.catch_up.lose_connection();
  }
}

TEST_CASE("a time to begin at is asked for again as long as not every topic has a place") {
  Beginning beginning;
  beginning.since_ns = 1;
  Reader reader(beginning);
  for (int i = 0; i < 2; ++i) {
    reader.catch_up.go(7, reader.now);
    reader.answer_opening({{"E_A", 9}, {"E_B", 3}});
    CHECK(reader.read().empty());
    const wire::ReplayRequest request = reader.line.question();
    CHECK(request.since == 1);
    reader.line.store(request.i, {.topic = "E_A", .q = 6, .n = 2});
    CHECK(reader.read().size() == (i == 0 ? 2 : 0));
    reader.catch_up.lose_connection();
  }
}

TEST_CASE("a broker that stands still for a minute makes nobody tell a loss") {
  Reader reader;
  reader.be_live();
  reader.live({.topic = "E_A", .q = 8});
  const Clock::time_point begin = reader.now;
  while (reader.now < begin + 60s || reader.line.questions.empty()) {
    CHECK(reader.read().empty());
    reader.line.questions.clear();
    reader.now = reader.catch_up.due();
    reader.catch_up.look(reader.now);
  }
  reader.answer_opening({{"E_A", 9}});
  CHECK(reader.read().empty());
  const wire::ReplayRequest request = reader.line.question();
  reader.line.store(request.i, {.topic = "E_A", .q = 5, .n = 4});
  reader.line.end({.i = request.i, .next = {{"E_A", 9}}});
  CHECK(reader.read() == Words{"E_A5", "E_A6", "E_A7", "E_A8"});
}

#include "ingress/conversation.hpp"

#include <map>

#include "catch.hpp"
#include "conversation_support.hpp"

using namespace std::chrono_literals;
using namespace zevi::broker;
namespace wire = zevi::wire;
using zevi::test::body;
using zevi::test::connection_a;
using zevi::test::connection_b;
using zevi::test::Talk;

namespace {

using Kinds = std::vector<wire::Kind>;
using wire::Kind;

}  // namespace

TEST_CASE("a hello is answered with welcome, interest and what was taken in so far") {
  Talk talk;
  talk.hello(7);
  CHECK(talk.heard() == Kinds{Kind::welcome, Kind::interest, Kind::ack});
  CHECK(talk.last_ack.memory == 0);
}

TEST_CASE("events before a hello are not taken in, and their sender is asked once a second who it is") {
  Talk talk;
  talk.batch(1, 1, 1);
  talk.batch(2, 2, 1);
  CHECK(talk.heard() == Kinds{Kind::who});
  talk.pass(1s);
  talk.batch(3, 3, 1);
  CHECK(talk.heard() == Kinds{Kind::who});
  CHECK(talk.recorder.events == 0);
  CHECK(talk.counters.get(Counter::batches_unknown) == 3);
}

TEST_CASE("batches are taken in by number and a repeated one is only acknowledged again") {
  Talk talk;
  talk.hello(7);
  talk.batch(1, 1, 2);
  talk.batch(2, 3, 1);
  talk.heard();
  talk.batch(1, 1, 2);
  CHECK(talk.heard() == Kinds{Kind::ack});
  CHECK(talk.last_ack.memory == 2);
  CHECK(talk.recorder.events == 3);
  CHECK(talk.counters.get(Counter::batches_repeated) == 1);
}

TEST_CASE("a missing batch makes the broker ask who, once, and take in nothing until the next hello") {
  Talk talk;
  talk.hello(7);
  talk.heard();
  talk.batch(2, 3, 1);
  talk.batch(3, 4, 1);
  talk.batch(1, 1, 2);
  CHECK(talk.heard() == Kinds{Kind::who});
  CHECK(talk.recorder.events == 0);
  talk.hello(7);
  talk.batch(1, 1, 2);
  talk.batch(2, 3, 1);
  talk.batch(3, 4, 1);
  CHECK(talk.recorder.events == 4);
  CHECK(talk.recorder.lost_before == 0);
}

TEST_CASE("a publisher that reconnects goes on where it was, and what it sends again is known") {
  Talk talk;
  talk.hello(7);
  talk.batch(1, 1, 2);
  talk.hello(7, 1, connection_b);
  CHECK(talk.publishers.by_connection(connection_a) == nullptr);
  std::string frame;
  wire::encode(wire::EventsHeader{"T", 1, 1, 2, 0, ""}, frame);
  talk.say_frames({frame, body(2)}, connection_b);
  CHECK(talk.recorder.events == 2);
  CHECK(talk.publishers.by_connection(connection_b)->name->id == 7);
}

TEST_CASE("gaps in a publisher's own numbers are summed into the topic's losses") {
  Talk talk;
  talk.hello(7);
  talk.batch(1, 4, 2, 3);
  CHECK(talk.recorder.lost_before == 3);
  talk.batch(2, 6, 1, 3);
  CHECK(talk.recorder.lost_before == 3);
  talk.batch(3, 17, 1, 13);
  CHECK(talk.recorder.lost_before == 13);
}

TEST_CASE("drops told by a beat are counted once, though the next batch tells them again") {
  Talk talk;
  talk.hello(7);
  talk.batch(1, 1, 1);
  talk.say(wire::Beat{50, {{"T", 5}}});
  talk.say(wire::Beat{50, {{"T", 5}}});
  talk.batch(2, 7, 1, 5);
  CHECK(talk.recorder.lost_before == 5);
  CHECK(talk.counters.get(Counter::events_lost_before) == 5);
}

TEST_CASE("the numbers that a publisher gave before this broker started are no losses") {
  Talk talk;
  talk.hello(7, 40);
  talk.batch(40, 1000, 5, 3);
  CHECK(talk.recorder.lost_before == 0);
  talk.batch(41, 1006, 1, 4);
  CHECK(talk.recorder.lost_before == 1);
}

TEST_CASE("a beat that comes before the first batch says nothing of the events before this broker started") {
  Talk talk;
  talk.hello(7, 40);
  talk.say(wire::Beat{50, {{"T", 3}}});
  talk.batch(40, 1000, 5, 3);
  CHECK(talk.recorder.lost_before == 0);
  talk.say(wire::Beat{50, {{"T", 4}}});
  talk.batch(41, 1006, 1, 4);
  CHECK(talk.recorder.lost_before == 1);
}

TEST_CASE("a malformed batch is refused with a reason, counts as taken in, and the next one is taken") {
  Talk talk;
  talk.hello(7);
  talk.heard();
  std::string frame;
  wire::encode(wire::EventsHeader{"T", 1, 1, 3, 0, ""}, frame);
  talk.say_frames({frame, body(2)}, connection_a);
  CHECK(talk.heard() == Kinds{Kind::reject, Kind::ack});
  CHECK(talk.last_ack.memory == 1);
  CHECK(talk.last_reject_reason.find("number of events") != std::string::npos);
  talk.batch(2, 4, 1);
  CHECK(talk.recorder.events == 1);
  CHECK(talk.recorder.lost_before == 3);
  CHECK(talk.counters.get(Counter::events_invalid) == 3);
}

TEST_CASE("the broker's own topics are refused") {
  Talk talk;
  talk.hello(7);
  talk.batch(1, 1, 1, 0, "E_ZEVI_DROPPED");
  CHECK(talk.recorder.events == 0);
  CHECK(talk.counters.get(Counter::batches_invalid) == 1);
}

TEST_CASE("a publisher has at most 1,024 topics") {
  Talk talk;
  talk.hello(7);
  for (std::uint64_t s = 1; s <= 1024; ++s) talk.batch(s, 1, 1, 0, "T" + std::to_string(s));
  talk.batch(1025, 1, 1, 0, "one_more");
  CHECK(talk.recorder.events == 1024);
  CHECK(talk.counters.get(Counter::events_invalid) == 1);
  talk.batch(1026, 2, 1, 0, "T1");
  CHECK(talk.recorder.events == 1025);
}

TEST_CASE("a publisher has no more topics than the limit says") {
  Talk talk;
  talk.conversation.admission().limit({.topics = 1});
  talk.hello(7);
  talk.batch(1, 1, 1, 0, "E_ONE");
  talk.batch(2, 1, 1, 0, "E_TWO");
  talk.heard();
  CHECK(talk.last_reject_reason == "more than 1 topics of one publisher");
  CHECK(talk.recorder.events == 1);
}

TEST_CASE(
    "a publisher that is faster than the limit is refused in words, loses by number, and may go on later") {
  Talk talk;
  talk.conversation.admission().limit({.events_per_second = 10});
  talk.hello(7);
  talk.batch(1, 1, 8);
  talk.batch(2, 9, 8);
  CHECK(talk.recorder.events == 16);
  talk.batch(3, 17, 2);
  talk.heard();
  CHECK(talk.last_reject_reason == "more than 10 events a second of one publisher");
  CHECK(talk.counters.get(Counter::events_invalid) == 2);
  talk.pass(400ms);
  talk.batch(4, 19, 1);
  CHECK(talk.recorder.events == 16);
  talk.pass(400ms);
  talk.batch(5, 20, 1);
  CHECK(talk.recorder.events == 17);
  CHECK(talk.recorder.lost_before == 3);
}

TEST_CASE("one publisher that is too fast takes nothing from another") {
  Talk talk;
  talk.conversation.admission().limit({.events_per_second = 10});
  talk.hello(7);
  for (std::uint64_t s = 1; s <= 3; ++s) talk.batch(s, s * 10 - 9, 10);
  CHECK(talk.recorder.events == 10);
  talk.hello(8, 1, connection_b);
  std::string frame;
  wire::encode(wire::EventsHeader{"T", 1, 1, 5, 0, ""}, frame);
  talk.say_frames({frame, body(5)}, connection_b);
  CHECK(talk.recorder.events == 15);
}

TEST_CASE("a flood in a lane of its own sets no pace for those who publish elsewhere") {
  Talk talk;
  talk.topics.set_lanes({"E_PROFILING_"});
  talk.hello(7);
  talk.hello(8, 1, connection_b);
  const auto flood = [&](std::uint64_t s) {
    for (std::uint64_t topic = 0; topic < 8; ++topic) {
      std::string frame;
      const std::string name = "E_PROFILING_" + std::to_string(topic);
      wire::encode(wire::EventsHeader{name, (s - 1) * 8 + topic + 1, s, 1, 0, ""}, frame);
      talk.say_frames({frame, body(1)}, connection_b);
    }
  };
  for (std::uint64_t s = 1; s <= 10; ++s) {
    talk.batch(s, s, 1, 0, "E_CORE_LOG");
    flood(s);
    talk.pass(10ms);
  }
  std::map<std::string, std::uint64_t> paces;
  for (const auto& answer : talk.conversation.answers()) {
    wire::Ack ack;
    if (wire::decode(answer.frame, ack) == wire::DecodeError::none) paces[answer.routing_id] = ack.pace_us;
  }
  CHECK(paces[connection_a] == 0);
  CHECK(paces[connection_b] == 6400);
}

TEST_CASE("a publisher is told how much it may have under way") {
  Talk talk;
  talk.conversation.admission().limit({.window_bytes = 1'000'000});
  talk.hello(7);
  wire::Welcome welcome;
  REQUIRE(wire::decode(talk.conversation.answers().front().frame, welcome) == wire::DecodeError::none);
  CHECK(welcome.window_bytes == 1'000'000);
}

TEST_CASE("a beat confirms the interest, and one that holds an older interest is sent the current one") {
  Talk talk;
  talk.hello(7);
  talk.heard();
  CHECK(talk.publishers.unconfirmed(50) == 1);
  talk.say(wire::Beat{49, {}});
  CHECK(talk.heard() == Kinds{Kind::interest, Kind::ack});
  CHECK(talk.publishers.unconfirmed(50) == 1);
  talk.say(wire::Beat{50, {}});
  CHECK(talk.heard() == Kinds{Kind::ack});
  CHECK(talk.publishers.unconfirmed(50) == 0);
}

TEST_CASE("an interest that this broker never announced confirms nothing") {
  Talk talk;
  talk.hello(7);
  talk.say(wire::Beat{1'000'000, {}});
  CHECK(talk.publishers.unconfirmed(50) == 1);
}

TEST_CASE("a publisher that said goodbye is no longer waited for") {
  Talk talk;
  talk.hello(7);
  talk.say(wire::Bye{0, {{"T", 2}}});
  CHECK(talk.publishers.unconfirmed(50) == 0);
  CHECK(talk.counters.get(Counter::events_lost_before) == 2);
}

TEST_CASE("versions that have nothing in common are refused in words") {
  Talk talk;
  wire::Hello hello;
  hello.id = 7;
  hello.version_min = 2;
  hello.version_max = 9;
  talk.say(hello);
  CHECK(talk.heard() == Kinds{Kind::reject});
  CHECK(talk.last_reject_reason.find("version") != std::string::npos);
}

TEST_CASE("a version of a later range that holds ours is settled on ours") {
  Talk talk;
  wire::Hello hello;
  hello.id = 7;
  hello.version_min = 1;
  hello.version_max = 9;
  talk.say(hello);
  wire::Welcome welcome;
  REQUIRE(wire::decode(talk.conversation.answers().front().frame, welcome) == wire::DecodeError::none);
  CHECK(welcome.version == 1);
}

TEST_CASE("messages that no publisher sends are refused and counted") {
  Talk talk;
  talk.hello(7);
  talk.heard();
  const std::string beat = [] {
    std::string frame;
    wire::encode(wire::Beat{}, frame);
    return frame;
  }();
  talk.say_frames({}, connection_a);
  talk.say_frames({""}, connection_a);
  talk.say_frames({beat, beat}, connection_a);
  talk.say_frames({"\x93\x01\x02\x03"}, connection_a);
  talk.say_frames({std::string("\xDF\xFF\xFF\xFF\xFF", 5)}, connection_a);
  talk.say_frames({beat}, "chosen by the peer");
  CHECK(talk.heard().empty());
  CHECK(talk.counters.get(Counter::frames_refused) == 6);
}

TEST_CASE("a publisher that falls silent is down, and up again when it speaks") {
  Talk talk;
  talk.hello(7);
  int down = 0;
  const auto expire = [&](SteadyTime now) {
    talk.publishers.expire(
        now, [](const Publisher&) { return false; },
        [&](const Publisher&, DownReason reason) {
          CHECK(reason == DownReason::silent);
          ++down;
        });
  };
  expire(SteadyTime{} + 1h + 2999ms);
  CHECK(down == 0);
  expire(SteadyTime{} + 1h + 4s);
  CHECK(down == 1);
  CHECK(talk.publishers.unconfirmed(50) == 0);
  talk.batch(1, 1, 1);
  CHECK(talk.recorder.events == 1);
  CHECK(talk.publishers.unconfirmed(50) == 1);
}

TEST_CASE("a publisher that missed a beat is down as soon as its process is gone") {
  Talk talk;
  talk.hello(7);
  bool is_gone = false;
  std::vector<DownReason> reasons;
  const auto expire = [&](SteadyTime now) {
    talk.publishers.expire(
        now, [&](const Publisher&) { return is_gone; },
        [&](const Publisher&, DownReason reason) { reasons.push_back(reason); });
  };
  expire(SteadyTime{} + 1h + 1500ms);
  CHECK(reasons.empty());
  is_gone = true;
  expire(SteadyTime{} + 1h + 1750ms);
  CHECK(reasons == std::vector{DownReason::gone});
  expire(SteadyTime{} + 1h + 5s);
  CHECK(reasons.size() == 1);
}

TEST_CASE("a publisher is forgotten an hour after its end") {
  Talk talk;
  talk.hello(7);
  talk.say(wire::Bye{});
  const auto expire = [&](SteadyTime now) {
    talk.publishers.expire(
        now, [](const Publisher&) { return false; }, [](const Publisher&, DownReason) {});
  };
  expire(SteadyTime{} + 1h + 59min);
  CHECK(talk.publishers.by_id(7) != nullptr);
  expire(SteadyTime{} + 2h + 1s);
  CHECK(talk.publishers.by_id(7) == nullptr);
  CHECK(talk.publishers.by_connection(connection_a) == nullptr);
}

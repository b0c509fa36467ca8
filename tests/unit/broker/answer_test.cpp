#include "replay/answer.hpp"

#include <set>

#include "catch.hpp"
#include "history_support.hpp"

using namespace zevi::broker;
namespace wire = zevi::wire;
using zevi::test::HistoryScene;

namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

const std::vector<zevi::HistoryLimit> everything{zevi::HistoryLimit{}};

/// A history of so many events.
std::vector<zevi::HistoryLimit> newest(std::uint64_t events) {
  return {{"", true, mebibyte, events, {}}};
}

/// The topics and first numbers of the messages sent, and the end.
struct Told {
  std::vector<std::pair<std::string, std::uint64_t>> sent;
  std::vector<std::pair<std::string, std::uint64_t>> next;
  std::vector<std::tuple<std::string, std::uint64_t, std::uint64_t>> gone;
  bool more = false;
};

using Numbers = std::vector<std::pair<std::string, std::uint64_t>>;
using Ranges = std::vector<std::tuple<std::string, std::uint64_t, std::uint64_t>>;

std::unique_ptr<Answer> answer_to(HistoryScene& scene, const wire::ReplayRequest& request) {
  std::string frame;
  wire::encode(request, frame);
  wire::DecodeError error{};
  std::unique_ptr<Question> question = Question::read(frame, error);
  REQUIRE(question);
  std::vector<const Topic*> topics = scene.topics.matching(question->request().t);
  return std::make_unique<Answer>(std::move(question), std::move(topics), HistoryScene::epoch);
}

void prepare(HistoryScene& scene, Answer& answer) {
  while (!answer.prepare(scene.history, scene.now().realtime_ns, 1)) continue;
}

bool send_one(HistoryScene& scene, Answer& answer, Told& told) {
  StoredMessage* const message = answer.peek(scene.history, scene.now().realtime_ns).message();
  if (message == nullptr) return false;
  told.sent.emplace_back(answer.topic().name, message->q);
  answer.advance(scene.history, *message, scene.now().realtime_ns);
  return true;
}

Told finish(HistoryScene& scene, Answer& answer, Told told = {}) {
  while (send_one(scene, answer, told)) continue;
  const wire::ReplayEnd end = answer.end();
  for (const auto& [topic, q] : end.next) told.next.emplace_back(topic, q);
  std::uint64_t gone = 0;
  for (const auto& range : end.gone) {
    told.gone.emplace_back(range.topic, range.q_from, range.q_to);
    gone += range.q_to - range.q_from + 1;
  }
  CHECK(gone == answer.gone());
  told.more = end.more;
  return told;
}

Told ask(HistoryScene& scene, const wire::ReplayRequest& request) {
  const std::unique_ptr<Answer> answer = answer_to(scene, request);
  prepare(scene, *answer);
  return finish(scene, *answer);
}

wire::ReplayRequest question(std::vector<std::string_view> topics) {
  wire::ReplayRequest request;
  request.t = std::move(topics);
  return request;
}

}  // namespace

TEST_CASE("an answer begins with the message that holds the first number and ends with that of the last") {
  HistoryScene scene(everything);
  for (int i = 0; i < 5; ++i) scene.take("T", 10);
  wire::ReplayRequest request = question({"T"});
  request.from = {{"T", 15}};
  request.to = {{"T", 31}};
  const Told told = ask(scene, request);
  CHECK(told.sent == Numbers{{"T", 11}, {"T", 21}, {"T", 31}});
  CHECK(told.next == Numbers{{"T", 41}});
  CHECK(told.gone.empty());
  CHECK_FALSE(told.more);
}

TEST_CASE(
    "topics that from does not name begin at the oldest that is held, and what went before is no loss") {
  HistoryScene scene(newest(2));
  for (int i = 0; i < 3; ++i) {
    scene.take("A", 1);
    scene.take("B", 1);
  }
  wire::ReplayRequest request = question({"*"});
  request.from = {{"B", 1}};
  const Told told = ask(scene, request);
  CHECK(told.sent == Numbers{{"A", 3}, {"B", 3}});
  CHECK(told.gone == Ranges{{"B", 1, 2}});
  CHECK(told.next == Numbers{{"A", 4}, {"B", 4}});
}

TEST_CASE("a number behind the last one gets what there is: nothing, and where the topic stands") {
  HistoryScene scene(everything);
  scene.take("T", 3);
  wire::ReplayRequest request = question({"T"});
  request.from = {{"T", 100}};
  const Told told = ask(scene, request);
  CHECK(told.sent.empty());
  CHECK(told.gone.empty());
  CHECK(told.next == Numbers{{"T", 4}});
}

TEST_CASE("numbers of another epoch are not looked at") {
  HistoryScene scene(everything);
  scene.take("T", 3);
  scene.take("T", 3);
  wire::ReplayRequest request = question({"T"});
  request.from = {{"T", 4}};
  request.to = {{"T", 5}};
  request.b = HistoryScene::epoch;
  CHECK(ask(scene, request).sent == Numbers{{"T", 4}});
  request.b = 5;
  const Told told = ask(scene, request);
  CHECK(told.sent == Numbers{{"T", 1}, {"T", 4}});
  CHECK(told.next == Numbers{{"T", 7}});
}

TEST_CASE("the last n of a topic that has fewer are all of them, and nothing is said to be gone") {
  HistoryScene scene(newest(3));
  for (int i = 0; i < 10; ++i) scene.take("T", 1);
  wire::ReplayRequest request = question({"T"});
  request.last = 5;
  CHECK(ask(scene, request).sent == Numbers{{"T", 8}, {"T", 9}, {"T", 10}});
  CHECK(ask(scene, request).gone.empty());
  request.last = 100;
  CHECK(ask(scene, request).sent.size() == 3);
  request.last = 2;
  CHECK(ask(scene, request).sent == Numbers{{"T", 9}, {"T", 10}});
  request.last = 0;
  CHECK(ask(scene, request).sent.empty());
  CHECK(ask(scene, request).next == Numbers{{"T", 11}});
}

TEST_CASE("what leaves the history before its turn is named as gone") {
  HistoryScene scene(newest(4));
  for (int i = 0; i < 4; ++i) scene.take("T", 1);
  const std::unique_ptr<Answer> answer = answer_to(scene, question({"T"}));
  prepare(scene, *answer);
  Told told;
  REQUIRE(send_one(scene, *answer, told));
  for (int i = 0; i < 2; ++i) scene.take("T", 1);  // 2 is given up
  REQUIRE(send_one(scene, *answer, told));
  for (int i = 0; i < 9; ++i) scene.take("T", 1);
  told = finish(scene, *answer, told);
  CHECK(told.sent == Numbers{{"T", 1}, {"T", 3}});
  CHECK(told.gone == Ranges{{"T", 2, 2}, {"T", 4, 4}});
  // What came after the question is no part of its answer.
  CHECK(told.next == Numbers{{"T", 5}});
}

TEST_CASE("at its limit an answer names where every topic goes on") {
  HistoryScene scene(everything);
  for (int i = 0; i < 3; ++i) {
    scene.take("A", 1, 1000);
    scene.wait(std::chrono::milliseconds(1));
    scene.take("B", 1, 1000);
    scene.wait(std::chrono::milliseconds(1));
  }
  wire::ReplayRequest request = question({"*"});
  request.limit_bytes = 2500;
  Told told = ask(scene, request);
  CHECK(told.sent == Numbers{{"A", 1}, {"B", 1}});
  CHECK(told.more);
  CHECK(told.next == Numbers{{"A", 2}, {"B", 2}});
  request.limit_bytes = 1;
  told = ask(scene, request);
  CHECK(told.sent == Numbers{{"A", 1}});
  CHECK(told.more);
}

TEST_CASE("messages of several topics come in the order in which they were taken in, then of their names") {
  HistoryScene scene({{"A", true, mebibyte, 0, {}}, {"", true, mebibyte, 0, {}}});
  scene.take("B", 1);
  scene.take("A", 1);
  scene.take("B", 1);
  scene.wait(std::chrono::milliseconds(1));
  scene.take("C", 1);
  scene.wait(std::chrono::milliseconds(1));
  scene.take("A", 1);
  const Told told = ask(scene, question({"*"}));
  CHECK(told.sent == Numbers{{"A", 1}, {"B", 1}, {"B", 2}, {"C", 1}, {"A", 2}});
}

TEST_CASE("a question whose topics an end marker cannot name is refused") {
  HistoryScene scene(std::vector<zevi::HistoryLimit>{});
  for (int i = 0; i < 20'000; ++i) {
    CHECK(scene.topics.find_or_add(std::string(100, 'x') + std::to_string(i)) != nullptr);
  }
  CHECK_FALSE(answer_to(scene, question({"*"}))->refusal().empty());
  CHECK(answer_to(scene, question({"x*", "y"}))->refusal().find("fewer") != std::string_view::npos);
}

namespace {

/// Gives everything only when it is asked the second time, and remembers an epoch.
class SlowSource : public ReplaySource, public ReplaySource::EndedEpoch {
 public:
  explicit SlowSource(ReplaySource& source) : source_(source) {}

  Found find(const Topic& topic, std::uint64_t q, std::uint64_t now_ns) override {
    return is_first(topic, q) ? Found::coming() : source_.find(topic, q, now_ns);
  }
  Found find_since(const Topic& topic, std::uint64_t at, std::uint64_t now_ns) override {
    return is_first(topic, at) ? Found::coming() : source_.find_since(topic, at, now_ns);
  }
  std::uint64_t last_q(const Topic& topic) const override { return topic.name == "A" ? 5 : 0; }

 private:
  bool is_first(const Topic& topic, std::uint64_t what) { return asked_.emplace(&topic, what).second; }

  ReplaySource& source_;
  std::set<std::pair<const Topic*, std::uint64_t>> asked_;
};

}  // namespace

TEST_CASE("an answer that waits for what is read from the disk is the same in the end") {
  HistoryScene scene(everything);
  for (int i = 0; i < 4; ++i) {
    scene.take("A", 2);
    scene.wait(std::chrono::milliseconds(1));
    scene.take("B", 3);
    scene.wait(std::chrono::milliseconds(1));
  }
  wire::ReplayRequest by_number = question({"*"});
  by_number.from = {{"A", 4}};
  wire::ReplayRequest by_time = question({"*"});
  by_time.since = scene.now().realtime_ns - 5'000'000;
  wire::ReplayRequest by_count = question({"*"});
  by_count.last = 4;
  for (const wire::ReplayRequest& request : {by_number, by_time, by_count}) {
    const Told at_once = ask(scene, request);
    SlowSource slow(scene.history);
    const std::unique_ptr<Answer> answer = answer_to(scene, request);
    int waits = 0;
    while (!answer->prepare(slow, scene.now().realtime_ns, 16)) waits += answer->is_waiting() ? 1 : 0;
    Told told;
    for (;;) {
      const Found found = answer->peek(slow, scene.now().realtime_ns);
      if (found.is_coming()) {
        ++waits;
        continue;
      }
      if (found.message() == nullptr) break;
      told.sent.emplace_back(answer->topic().name, found.message()->q);
      answer->advance(slow, *found.message(), scene.now().realtime_ns);
    }
    CHECK(told.sent == at_once.sent);
    CHECK(waits >= 2);
    CHECK_FALSE(answer->end().ended);
  }
}

TEST_CASE("numbers beyond the end of an earlier epoch are moved back to it, and its end is told") {
  HistoryScene scene(everything);
  scene.take("A", 5);
  scene.take("A", 5);
  scene.take("B", 1);
  SlowSource slow(scene.history);
  wire::ReplayRequest request = question({"*"});
  request.b = 5;
  request.from = {{"A", 9}, {"B", 3}};
  request.to = {{"B", 3}};
  std::string frame;
  wire::encode(request, frame);
  wire::DecodeError error{};
  Answer answer(Question::read(frame, error), scene.topics.matching({"*"}), HistoryScene::epoch, &slow);
  prepare(scene, answer);
  const Told told = finish(scene, answer);
  CHECK(told.sent == Numbers{{"A", 6}});
  CHECK(told.next == Numbers{{"A", 11}, {"B", 1}});
  CHECK(told.gone.empty());
  const wire::ReplayEnd end = answer.end();
  REQUIRE(end.ended);
  REQUIRE(end.ended->size() == 2);
  CHECK(end.ended->at(0).count == 5);
  CHECK(end.ended->at(1).count == 0);
}

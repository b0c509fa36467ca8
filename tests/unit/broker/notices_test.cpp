#include "notices/notices.hpp"

#include "catch.hpp"
#include "zevi/broker_events.hpp"
#include "zevi/wire/body.hpp"

using namespace std::chrono_literals;
using namespace zevi::broker;

namespace {

/// What leaves, with its parameters.
class Recorder : public MessageSink {
 public:
  struct Event {
    std::string topic;
    std::uint64_t p = 0;
    std::uint64_t l = 0;
    std::string params;
  };
  void take(SequencedMessage& message) override {
    const std::string_view body = message.body.to_string_view();
    REQUIRE(zevi::wire::check_body(body, message.header.n));
    zevi::wire::BodyReader reader(body);
    zevi::wire::Entry entry;
    std::uint64_t p = message.header.r.at(0).p;
    CHECK(message.header.r[0].src == "zevid");
    CHECK(message.header.r[0].id == 99);
    while (reader.next(entry)) {
      events.push_back({message.topic.name, p++, message.header.l, std::string(entry.params)});
    }
  }
  std::vector<Event> events;
};

class Scene {
 public:
  Scene() { sequencer.add_sink(recorder); }

  Publisher& publisher(std::uint64_t id) {
    Publisher& made = publishers_[id];
    auto name = std::make_shared<PublisherName>();
    *name = {id, "worker" + std::to_string(id), 312, "host"};
    made.name = std::move(name);
    return made;
  }
  Topic& topic(const char* name) { return *topics.find_or_add(name); }
  /// What is published in a round so much later.
  std::vector<Recorder::Event> round(std::chrono::milliseconds later = 0ms) {
    now_.steady += later;
    notices.publish(now_);
    sequencer.flush_all(now_);
    return std::exchange(recorder.events, {});
  }

  Counters counters;
  TopicRegistry topics;
  Sequencer sequencer{1, 0us, counters};
  Recorder recorder;
  Notices notices{99, topics, sequencer, counters};

 private:
  Now now_{SteadyTime{} + 1h, 1'000'000'000};
  std::unordered_map<std::uint64_t, Publisher> publishers_;
};

template <typename Event>
Event event_of(const Recorder::Event& recorded) {
  REQUIRE(recorded.topic == Event::topic);
  Event event;
  REQUIRE(Event::decode(recorded.params, event));
  return event;
}

}  // namespace

TEST_CASE("a publisher that comes and goes is an event each, numbered like others") {
  Scene scene;
  Publisher& worker = scene.publisher(7);
  scene.notices.up(worker, false);
  worker.losses.dropped = 3;
  scene.notices.down(worker, DownReason::gone);
  const auto events = scene.round();
  REQUIRE(events.size() == 2);
  const auto up = event_of<zevi::E_ZEVI_PUBLISHER_UP>(events[0]);
  CHECK(up.id == 7);
  CHECK(up.src == "worker7");
  CHECK(up.pid == 312);
  CHECK(up.host == "host");
  CHECK_FALSE(up.again);
  const auto down = event_of<zevi::E_ZEVI_PUBLISHER_DOWN>(events[1]);
  CHECK(down.reason == "gone");
  CHECK(down.dropped == 3);
  CHECK(events[0].p == 1);
  CHECK(scene.topic("E_ZEVI_PUBLISHER_UP").next_q == 2);
  CHECK(scene.counters.get(Counter::notices) == 2);
  CHECK(scene.round(10s).empty());
  CHECK(scene.notices.deadline() == SteadyTime::max());
}

TEST_CASE("drops of a topic are told at once, and then once a second with their sum") {
  Scene scene;
  scene.notices.dropped(scene.publisher(1), scene.topic("T"), 5);
  auto events = scene.round();
  REQUIRE(events.size() == 1);
  CHECK(event_of<zevi::E_ZEVI_DROPPED>(events[0]).count == 5);

  for (int i = 0; i < 9; ++i) {
    scene.notices.dropped(scene.publisher(1), scene.topic("T"), 1);
    scene.notices.dropped(scene.publisher(2), scene.topic("T"), 2);
    CHECK(scene.round(100ms).empty());
  }
  events = scene.round(150ms);
  REQUIRE(events.size() == 1);
  const auto dropped = event_of<zevi::E_ZEVI_DROPPED>(events[0]);
  CHECK(dropped.topic_ == "T");
  CHECK(dropped.count == 27);
  CHECK(dropped.publishers == 2);
  CHECK(dropped.src == "worker2");
  CHECK(dropped.own_count == 18);
  CHECK(scene.round(1100ms).empty());
  CHECK(scene.round(1100ms).empty());
  CHECK(scene.notices.deadline() == SteadyTime::max());
}

TEST_CASE("refused batches of a publisher are gathered likewise, with the last reason") {
  Scene scene;
  Publisher& worker = scene.publisher(1);
  scene.notices.refused(worker, "T", 4, "first");
  const auto first = scene.round();
  CHECK(event_of<zevi::E_ZEVI_INVALID>(first.at(0)).count == 4);
  scene.notices.refused(worker, "T", 1, "second");
  scene.notices.refused(worker, "no topic", 2, "third");
  CHECK(scene.round(500ms).empty());
  const auto later = scene.round(600ms);
  const auto invalid = event_of<zevi::E_ZEVI_INVALID>(later.at(0));
  CHECK(invalid.count == 3);
  CHECK(invalid.batches == 2);
  CHECK(invalid.topic_.empty());
  CHECK(invalid.reason == "third");
}

TEST_CASE("a flood of publishers is cut, and what is left out is counted by number") {
  Scene scene;
  for (std::uint64_t id = 1; id <= 1000; ++id) scene.notices.up(scene.publisher(id), false);
  const auto events = scene.round();
  CHECK(events.size() == Notices::per_second_max);
  CHECK(events.back().l == 800);
  scene.notices.up(scene.publisher(1), true);
  const auto later = scene.round(1s);
  REQUIRE(later.size() == 1);
  CHECK(later[0].p == 1001);
  CHECK(later[0].l == 800);
  CHECK(scene.counters.get(Counter::events_lost_before) == 800);
}

TEST_CASE("drops in very many topics are told as fast as is allowed, and none is forgotten") {
  Scene scene;
  for (int i = 0; i < 1000; ++i) {
    scene.notices.dropped(scene.publisher(1), scene.topic(("T" + std::to_string(i)).c_str()), 3);
  }
  std::uint64_t sum = 0;
  std::size_t first = 0;
  for (int i = 0; i < 100; ++i) {
    const auto events = scene.round(50ms);
    if (i == 0) first = events.size();
    for (const auto& event : events) sum += event_of<zevi::E_ZEVI_DROPPED>(event).count;
  }
  CHECK(first == Notices::per_second_max);
  CHECK(sum == 3000);
}

TEST_CASE("a store that fails is told at once with its reason, and what it left out once it recovers") {
  Scene scene;
  scene.notices.store({"/store", true, "no space", 2});
  auto events = scene.round();
  REQUIRE(events.size() == 1);
  auto told = event_of<zevi::E_ZEVI_STORE>(events[0]);
  CHECK(told.directory == "/store");
  CHECK(told.state == "degraded");
  CHECK(told.reason == "no space");
  CHECK(told.left_out == 2);
  CHECK(scene.round(1min).empty());
  scene.notices.store({"/store", false, "no space", 70});
  events = scene.round();
  REQUIRE(events.size() == 1);
  told = event_of<zevi::E_ZEVI_STORE>(events[0]);
  CHECK(told.state == "ok");
  CHECK(told.left_out == 70);
  CHECK(scene.notices.deadline() == SteadyTime::max());
}

TEST_CASE(
    "a store that fails again and again is told a few times a minute, and nothing left out is forgotten") {
  Scene scene;
  std::size_t told = 0;
  std::uint64_t left_out = 0;
  const auto look = [&](const std::vector<Recorder::Event>& events) {
    for (const auto& event : events) {
      const auto store = event_of<zevi::E_ZEVI_STORE>(event);
      CHECK((store.state == "degraded") == (told % 2 == 0));
      if (store.state == "ok") left_out += store.left_out;
      ++told;
    }
  };
  for (int second = 0; second < 120; ++second) {
    scene.notices.store({"/store", second % 2 == 0, "no space", second % 2 == 0 ? 0U : 5U});
    look(scene.round(1s));
  }
  CHECK(told >= 8);
  CHECK(told <= 4 + 2 * Notices::of_one_per_minute_max);
  // The last time may be still to come.
  scene.notices.store({"/store", true, "no space", 0});
  for (int second = 0; second < 60; ++second) look(scene.round(1s));
  scene.notices.store({"/store", false, "no space", 5});
  for (int second = 0; second < 60; ++second) look(scene.round(1s));
  CHECK(left_out == 61 * 5);
}

TEST_CASE("memory that comes near its limit is told, and what was given up once it is below again") {
  Scene scene;
  scene.notices.memory({.is_overloaded = true, .bytes = 95, .bytes_max = 100});
  auto events = scene.round();
  REQUIRE(events.size() == 1);
  auto told = event_of<zevi::E_ZEVI_OVERLOAD>(events[0]);
  CHECK(told.state == "overloaded");
  CHECK(told.memory_bytes == 95);
  CHECK(told.limit_bytes == 100);
  scene.notices.memory({.bytes = 80, .bytes_max = 100, .evicted = 5, .cut = 1, .refused = 7});
  events = scene.round();
  REQUIRE(events.size() == 1);
  told = event_of<zevi::E_ZEVI_OVERLOAD>(events[0]);
  CHECK(told.state == "ok");
  CHECK(told.evicted == 5);
  CHECK(told.cut == 1);
  CHECK(told.refused == 7);
}

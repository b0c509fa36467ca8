#include "delivery.hpp"

#include <random>
#include <string>
#include <vector>

#include "catch.hpp"
#include "feed_messages.hpp"

using namespace zevi;
using subscriber::Delivery;
using subscriber::TopicFilters;
using test::Batch;

namespace {

constexpr subscriber::Clock::time_point now{std::chrono::hours(1)};

/// What a subscriber reads, in words: events as their q, marks as they describe themselves.
std::vector<std::string> read(Delivery& delivery) {
  std::vector<std::string> out;
  while (const Message* message = delivery.next()) {
    out.push_back(message->event() != nullptr ? std::to_string(message->event()->q) : describe(*message));
  }
  return out;
}

using Words = std::vector<std::string>;

struct StreamDelivery : Delivery {
  explicit StreamDelivery(std::vector<std::string> topics = {"*"})
      : Delivery(Feed::stream, TopicFilters(topics)) {}
  Words take(const Batch& batch) {
    accept(test::stream_message(batch), now);
    return read(*this);
  }
};

}  // namespace

TEST_CASE("an event carries all that the batch says about it") {
  StreamDelivery delivery;
  delivery.accept(test::stream_message({.q = 5, .n = 2, .p = 30}), now);
  REQUIRE(delivery.next() != nullptr);
  const Message* message = delivery.next();
  REQUIRE(message != nullptr);
  const Event* event = message->event();
  REQUIRE(event != nullptr);
  CHECK(event->topic == "E_TEST");
  CHECK(event->q == 6);
  CHECK(event->p == 31);
  CHECK(event->time_ns == 1001);
  CHECK(event->time().time_since_epoch() == std::chrono::nanoseconds(1001));
  CHECK(event->src == "worker");
  CHECK(event->pid == 12);
  CHECK(event->host == "here");
  CHECK(event->id == 99);
  CHECK(event->epoch == 7);
  CHECK((*event)["i"].as_int() == 6);
  CHECK(delivery.next() == nullptr);
}

TEST_CASE("an event of the plain endpoint says the same as one of a batch") {
  Delivery delivery(Feed::events, TopicFilters({"*"}));
  delivery.accept(test::events_message({.q = 5, .p = 30}), now);
  const Message* message = delivery.next();
  REQUIRE(message != nullptr);
  const Event* event = message->event();
  REQUIRE(event != nullptr);
  CHECK(event->q == 5);
  CHECK(event->p == 30);
  CHECK(event->time_ns == 1000);
  CHECK(event->src == "worker");
  CHECK((*event)["i"].as_int() == 5);
  CHECK(delivery.next() == nullptr);
}

TEST_CASE("a joined batch tells each event's own publisher and number") {
  StreamDelivery delivery;
  wire::StreamHeader header = test::header({.n = 3});
  header.r = {{.id = 1, .src = "a", .pid = 1, .p = 10, .count = 2, .host = "h", .origin = {}},
              {.id = 3, .src = "c", .pid = 3, .p = 70, .count = 1, .host = "h", .origin = "far"}};
  std::string head;
  wire::encode(header, head);
  delivery.accept(test::frames("E_TEST", head, test::body(1, 3)), now);
  Words seen;
  while (const Message* message = delivery.next()) {
    const Event* event = message->event();
    REQUIRE(event != nullptr);
    seen.push_back(std::string(event->src) + std::to_string(event->p) + std::string(event->origin));
  }
  CHECK(seen == Words{"a10", "a11", "c70far"});
}

TEST_CASE("a gap stands in the place of the events that are missing") {
  StreamDelivery delivery;
  CHECK(delivery.take({.q = 3, .n = 2}) == Words{"3", "4"});
  CHECK(delivery.take({.q = 17, .n = 1}) == Words{"lost 12 events of E_TEST (q 5..16)", "17"});
  CHECK(delivery.take({.q = 19, .n = 1}) == Words{"lost 1 event of E_TEST (q 18)", "19"});
  CHECK(delivery.statistics().gaps == 2);
  CHECK(delivery.statistics().lost == 13);
  CHECK(delivery.statistics().events == 4);
}

TEST_CASE("losses before the broker are told apart from gaps") {
  StreamDelivery delivery;
  CHECK(delivery.take({.q = 1}) == Words{"1"});
  CHECK(delivery.take({.q = 2, .l = 3, .p = 5}) ==
        Words{"3 events of E_TEST were lost before the broker", "2"});
  CHECK(delivery.statistics().lost_before == 3);
  CHECK(delivery.statistics().gaps == 0);
}

TEST_CASE("a new epoch is told once, and is no gap in any topic") {
  StreamDelivery delivery;
  CHECK(delivery.take({.topic = "E_A", .q = 100}) == Words{"100"});
  CHECK(delivery.take({.topic = "E_B", .q = 200}) == Words{"200"});
  const Words changed = delivery.take({.topic = "E_A", .epoch = 8, .q = 1, .id = 5});
  REQUIRE(changed.size() == 2);
  CHECK(changed[0].find("new numbering") != std::string::npos);
  CHECK(changed[1] == "1");
  CHECK(delivery.take({.topic = "E_B", .epoch = 8, .q = 1, .id = 5}) == Words{"1"});
  CHECK(delivery.take({.topic = "E_B", .epoch = 8, .q = 3, .id = 5}).size() == 2);
  CHECK(delivery.statistics().epoch_changes == 1);
}

TEST_CASE("a barrier's epoch is told before the first event of that epoch") {
  StreamDelivery delivery;
  CHECK(delivery.take({.q = 1}) == Words{"1"});
  delivery.accept_epoch(8);
  CHECK(read(delivery).size() == 1);
  CHECK(delivery.take({.epoch = 8, .q = 1, .p = 2}) == Words{"1"});
}

TEST_CASE("events sent again under a new q or a new epoch are delivered once") {
  StreamDelivery delivery;
  CHECK(delivery.take({.q = 1, .n = 4, .p = 1}) == Words{"1", "2", "3", "4"});
  CHECK(delivery.take({.q = 5, .n = 3, .p = 3}) == Words{"7"});
  const Words after = delivery.take({.epoch = 8, .q = 1, .n = 6, .p = 1});
  CHECK(after.size() == 2);
  CHECK(after.back() == "6");
  CHECK(delivery.statistics().repeats == 7);
  CHECK(delivery.statistics().gaps == 0);
}

TEST_CASE("a batch that overlaps what has arrived gives its new events alone") {
  StreamDelivery delivery;
  CHECK(delivery.take({.q = 1, .n = 4}).size() == 4);
  CHECK(delivery.take({.q = 3, .n = 4}) == Words{"5", "6"});
  CHECK(delivery.take({.q = 2, .n = 2}).empty());
  CHECK(delivery.statistics().repeats == 4);
}

TEST_CASE("an exact topic leaves out longer ones and a prefix takes them") {
  StreamDelivery delivery({"E_CORE_LOG", "E_X_*"});
  CHECK(delivery.take({.topic = "E_CORE_LOG"}).size() == 1);
  CHECK(delivery.take({.topic = "E_CORE_LOG2"}).empty());
  CHECK(delivery.take({.topic = "E_X_Y"}).size() == 1);
  CHECK(delivery.statistics().filtered == 1);
}

TEST_CASE("topics have ledgers of their own") {
  StreamDelivery delivery;
  CHECK(delivery.take({.topic = "E_A", .q = 1, .p = 1}) == Words{"1"});
  CHECK(delivery.take({.topic = "E_B", .q = 1, .p = 1}) == Words{"1"});
  CHECK(delivery.take({.topic = "E_A", .q = 2, .p = 2}) == Words{"2"});
}

TEST_CASE("a message that lies is counted as malformed and disturbs nothing") {
  StreamDelivery delivery;
  CHECK(delivery.take({.q = 1}) == Words{"1"});
  std::string head;
  wire::encode(test::header({.q = 2, .n = 2}), head);
  const std::string body = test::body(2, 2);
  std::string newer;
  wire::StreamHeader next_version = test::header({.q = 2, .n = 2});
  next_version.version = 2;
  wire::encode(next_version, newer);
  std::string beyond;
  wire::encode(test::header({.q = UINT64_MAX, .n = 2}), beyond);

  std::uint64_t bad = 0;
  const auto refuse = [&](std::string_view topic, std::string_view second, std::string_view third) {
    delivery.accept(test::frames(topic, second, third), now);
    CHECK(delivery.next() == nullptr);
    CHECK(delivery.statistics().malformed == ++bad);
  };
  refuse("E TEST", head, body);
  refuse("", head, body);
  refuse("E_TEST", "", body);
  refuse("E_TEST", head, "");
  refuse("E_TEST", head, test::body(2, 3));
  refuse("E_TEST", newer, body);
  refuse("E_TEST", beyond, body);
  refuse("E_TEST", head, std::string("\xdd\xff\xff\xff\xff", 5));
  for (std::size_t size = 0; size < head.size(); ++size) refuse("E_TEST", head.substr(0, size), body);
  for (std::size_t size = 0; size < body.size(); ++size) refuse("E_TEST", head, body.substr(0, size));
  CHECK(delivery.take({.q = 2, .n = 2}) == Words{"2", "3"});
}

TEST_CASE("random damage to a message never does more than lose it") {
  const auto seed = GENERATE(range(1U, 51U));
  std::mt19937 random(seed);
  StreamDelivery delivery;
  Delivery plain(Feed::events, TopicFilters({"*"}));
  for (std::uint64_t q = 1; q < 200; ++q) {
    subscriber::Frames stream = test::stream_message({.q = q, .n = 3});
    subscriber::Frames event = test::events_message({.q = q});
    for (subscriber::Frames* frames : {&stream, &event}) {
      zmq::message_t& frame = (*frames)[random() % 3];
      frame.data<char>()[random() % frame.size()] = static_cast<char>(random());
    }
    delivery.accept(std::move(stream), now);
    plain.accept(std::move(event), now);
    std::size_t length = 0;
    for (Delivery* each : {static_cast<Delivery*>(&delivery), &plain}) {
      while (const Message* message = each->next()) length += describe(*message).size();
    }
    REQUIRE(length < 100'000);
  }
}

TEST_CASE("an event of the plain endpoint is malformed if either frame is") {
  Delivery delivery(Feed::events, TopicFilters({"*"}));
  subscriber::Frames good = test::events_message({.q = 1});
  const std::string meta(subscriber::text_of(good[2]));
  delivery.accept(test::frames("E_TEST", "\xc1", meta), now);
  CHECK(delivery.next() == nullptr);
  delivery.accept(test::frames("E_TEST", test::params(1), meta.substr(1)), now);
  CHECK(delivery.next() == nullptr);
  CHECK(delivery.statistics().malformed == 2);
}

TEST_CASE("what a cursor knows of silent topics holds for the topics that were asked for then") {
  subscriber::Position position;
  position.epoch = 7;
  position.knows_all = true;
  position.topics = {"E_*", "F"};
  StreamDelivery same({"F", "E_*"});
  same.restore(position);
  CHECK(same.position(Delivery::Upto::last).knows_all);
  StreamDelivery others({"F", "E_*", "G"});
  others.restore(position);
  CHECK_FALSE(others.position(Delivery::Upto::last).knows_all);
}

#include "catch.hpp"
#include "conversation.hpp"
#include "zevi/events.hpp"

using namespace zevi;
using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 30s;

struct Fixture : test::Conversation {
  /// Says which prefixes are wanted, and waits until the publisher has taken that over.
  void want(std::uint64_t generation, std::vector<std::string_view> prefixes) {
    broker->say(wire::Interest{generation, std::move(prefixes), {}});
    broker->expect_beat(generation);
  }
  Status publish(const char* topic) { return publisher->topic(topic).event().put("i", 1).commit(); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "before the broker says what it wants, everything is kept") {
  publisher.emplace(options);
  CHECK(publisher->topic("E_A").enabled());
  CHECK(publish("E_A") == Status::ok);
  broker->welcome();
  CHECK(publish("E_B") == Status::ok);
  CHECK(broker->expect_events(2).size() == 2);
  CHECK(publisher->statistics().suppressed == 0);
}

TEST_CASE_METHOD(Fixture, "an event that nobody wants is counted, takes no number and is not sent") {
  begin();
  const Topic quiet = publisher->topic("E_QUIET");
  want(1, {"E_LOUD"});
  CHECK_FALSE(quiet.enabled());
  CHECK(publisher->topic("E_LOUD").enabled());
  CHECK_FALSE(publisher->topic("E_OPENED_LATER").enabled());
  CHECK(publish("E_QUIET") == Status::unwanted);
  CHECK(quiet.publish_encoded("\x80") == Status::unwanted);
  CHECK(quiet.publish_encoded("no map") == Status::unwanted);
  zevi_event event;
  std::uint8_t* at = nullptr;
  CHECK(zevi_map_begin(quiet.handle(), 0, 10, &event, &at) == ZEVI_UNWANTED);
  CHECK(zevi_map_commit(&event, nullptr) == ZEVI_UNWANTED);
  CHECK(publisher->topic<E_CORE_LOG>().publish({}) == Status::unwanted);
  CHECK(zevi_suppress(quiet.handle()) == ZEVI_UNWANTED);
  CHECK(publisher->statistics().suppressed == 6);
  CHECK(publish("E_LOUD") == Status::ok);
  CHECK(broker->expect_batch().topic == "E_LOUD");
  want(2, {"E_"});
  CHECK(quiet.enabled());
  CHECK(publish("E_QUIET") == Status::ok);
  const test::SentBatch batch = broker->expect_batch();
  CHECK(batch.topic == "E_QUIET");
  CHECK(batch.p == 1);
  const Statistics statistics = publisher->statistics();
  CHECK(statistics.published == 2);
  CHECK(statistics.dropped == 0);
}

TEST_CASE_METHOD(Fixture,
                 "an interest that was lost on its way is taken over when the broker says it again") {
  begin();
  // The broker's word was lost: the beat still holds no generation.
  CHECK(broker->expect_beat() == 0);
  want(7, {"E_A"});
  CHECK_FALSE(publisher->topic("E_B").enabled());
  // So was the next one; every further beat says so until it arrives.
  CHECK(broker->expect_beat() == 7);
  want(9, {"E_B"});
  CHECK(publisher->topic("E_B").enabled());
  CHECK_FALSE(publisher->topic("E_A").enabled());
}

TEST_CASE_METHOD(Fixture, "a new broker's first word counts, though its number be that of the last one's") {
  begin();
  const Topic topic = publisher->topic("E_A");
  want(1, {});
  CHECK_FALSE(topic.enabled());
  replace_broker(2);
  broker->welcome();
  CHECK(broker->expect_beat() == 0);
  // Until the new broker says otherwise, everything is wanted again.
  CHECK(topic.enabled());
  want(1, {"E_B"});
  CHECK_FALSE(topic.enabled());
  CHECK(publisher->topic("E_B").enabled());
}

TEST_CASE_METHOD(Fixture, "the same broker need not say again what it wants after a lost connection") {
  begin();
  want(3, {"E_B"});
  replace_broker(1);
  broker->welcome();
  CHECK(broker->expect_beat() == 3);
  CHECK_FALSE(publisher->topic("E_A").enabled());
  CHECK(publish("E_A") == Status::unwanted);
}

TEST_CASE_METHOD(Fixture, "in the end every call is counted once") {
  begin();
  want(1, {"E_W"});
  std::uint64_t calls[4] = {};
  const Topic wanted = publisher->topic("E_WANTED");
  const Topic quiet = publisher->topic("E_QUIET");
  for (int i = 0; i < 1000; ++i) {
    const Status status = i % 4 == 0   ? quiet.event().commit()
                          : i % 7 == 0 ? wanted.publish_encoded("no map")
                                       : wanted.event().put("i", i).commit();
    ++calls[status == Status::ok ? 0 : status == Status::unwanted ? 1 : status == Status::invalid ? 2 : 3];
  }
  std::uint64_t rejected = 0;
  for (std::uint64_t taken = 0; taken < calls[0];) {
    const test::SentBatch batch = broker->expect_batch();
    taken += batch.n;
    if (batch.s % 2 == 0) {
      rejected += batch.n;
      broker->say(wire::Reject{batch.s, batch.topic, batch.n, "for the test"});
    } else {
      broker->ack(batch.s);
    }
  }
  CHECK(publisher->flush(deadline) == Status::ok);
  const Statistics statistics = publisher->statistics();
  CHECK(calls[3] == 0);
  CHECK(statistics.published == calls[0]);
  CHECK(statistics.suppressed == calls[1]);
  CHECK(statistics.dropped == calls[2]);
  CHECK(statistics.sent == statistics.published);
  CHECK(statistics.invalid == rejected);
  CHECK(statistics.acknowledged + statistics.invalid == statistics.sent);
  CHECK(statistics.forked == 0);
  CHECK(statistics.resent == 0);
}

TEST_CASE_METHOD(Fixture, "a caller with an older header gets the counts that it knows of") {
  begin();
  CHECK(publish("E_A") == Status::ok);
  Statistics statistics{};
  statistics.size = offsetof(zevi_statistics, sent);
  statistics.sent = 77;
  CHECK(zevi_publisher_statistics(publisher->handle(), &statistics) == ZEVI_OK);
  CHECK(statistics.published == 1);
  CHECK(statistics.sent == 77);
  CHECK(statistics.size == offsetof(zevi_statistics, sent));
}

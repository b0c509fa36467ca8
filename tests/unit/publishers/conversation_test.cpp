#include <unistd.h>

#include <atomic>

#include "catch.hpp"
#include "conversation.hpp"
#include "zevi/limits.hpp"

using namespace zevi;
using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 30s;

using Fixture = test::Conversation;

}  // namespace

TEST_CASE_METHOD(Fixture, "a publisher introduces itself, and is connected from the welcome on") {
  options.name = "introduced";
  publisher.emplace(options);
  const test::SentHello hello = broker->expect_hello();
  CHECK(hello.src == "introduced");
  CHECK(hello.pid == static_cast<std::uint64_t>(getpid()));
  CHECK_FALSE(hello.host.empty());
  CHECK(hello.id != 0);
  CHECK(hello.s == 1);
  CHECK(hello.g == 0);
  CHECK(publisher->statistics().connected == 0);
  broker->say_welcome();
  broker->expect_beat(0);
  wait_for([](const Statistics& now) { return now.connected == 1; });
}

TEST_CASE_METHOD(Fixture, "nothing but the hello is sent before the welcome, and everything after it") {
  publisher.emplace(options);
  const Topic topic = publisher->topic("E_TEST");
  for (int i = 0; i < 100; ++i) CHECK(topic.event().put("i", i).commit() == Status::ok);
  std::uint64_t unacknowledged = 0;
  CHECK(publisher->flush(0s, &unacknowledged) == Status::timeout);
  CHECK(unacknowledged == 100);
  CHECK(publisher->statistics().sent == 0);
  broker->welcome();  // fails if it hears anything else first
  const std::vector<test::SentBatch> batches = broker->expect_events(100);
  broker->ack(batches.back().s);
  CHECK(publisher->flush(deadline, &unacknowledged) == Status::ok);
  CHECK(unacknowledged == 0);
  const Statistics statistics = publisher->statistics();
  CHECK(statistics.published == 100);
  CHECK(statistics.sent == 100);
  CHECK(statistics.acknowledged == 100);
  CHECK(statistics.resent == 0);
}

TEST_CASE_METHOD(Fixture, "a flush that is not acknowledged in time tells how many events are left") {
  begin();
  const Topic topic = publisher->topic("E_TEST");
  CHECK(publisher->flush(0s) == Status::ok);
  for (std::uint64_t events = 1; events <= 3; ++events) {
    CHECK(topic.event().commit() == Status::ok);
    CHECK(broker->expect_batch().s == events);
    std::uint64_t left = 0;
    CHECK(publisher->flush(1ms, &left) == Status::timeout);
    CHECK(left == events);
    CHECK(publisher->statistics().window_batches == events);
  }
  CHECK(publisher->statistics().window_bytes > 0);
  broker->ack(2);
  wait_for([](const Statistics& now) { return now.acknowledged == 2 && now.window_batches == 1; });
  std::uint64_t left = 0;
  CHECK(publisher->flush(0s, &left) == Status::timeout);
  CHECK(left == 1);
  broker->ack(3);
  CHECK(publisher->flush(deadline, &left) == Status::ok);
  CHECK(left == 0);
  wait_for([](const Statistics& now) { return now.window_batches == 0 && now.window_bytes == 0; });
}

TEST_CASE_METHOD(Fixture, "events that are published meanwhile do not keep a flush waiting") {
  begin();
  const Topic topic = publisher->topic("E_TEST");
  CHECK(topic.event().commit() == Status::ok);
  std::atomic<bool> flushed{false};
  Status status = Status::invalid;
  std::thread flushing([&] {
    status = publisher->flush(deadline);
    flushed = true;
  });
  // The broker always acknowledges all but the last batch.
  for (std::uint64_t s = 1; !flushed; ++s) {
    const test::SentBatch batch = broker->expect_batch();
    if (topic.event().commit() != Status::ok || batch.s != s) break;
    broker->ack(s - 1);
  }
  flushing.join();
  CHECK(status == Status::ok);
  CHECK(publisher->flush(1ms) == Status::timeout);
}

TEST_CASE_METHOD(Fixture, "an acknowledgement of what was never sent acknowledges what was") {
  begin();
  const Topic topic = publisher->topic("E_TEST");
  CHECK(topic.event().commit() == Status::ok);
  CHECK(broker->expect_batch().s == 1);
  broker->ack((std::uint64_t{1} << 53) - 1);
  CHECK(publisher->flush(deadline) == Status::ok);
  CHECK(topic.event().commit() == Status::ok);
  CHECK(broker->expect_batch().s == 2);
  std::uint64_t left = 0;
  CHECK(publisher->flush(1ms, &left) == Status::timeout);
  CHECK(left == 1);
}

TEST_CASE_METHOD(Fixture, "a topic's events are released at the level that the broker's welcome names") {
  wire::Welcome welcome;
  welcome.levels = {{"E_SYNCED", wire::AckLevel::synced}, {"E_WRITTEN", wire::AckLevel::written}};
  begin(welcome);
  const auto acknowledged = [&](std::uint64_t events) {
    return wait_for([=](const Statistics& now) { return now.acknowledged == events; }).acknowledged;
  };
  std::uint64_t s = 0;
  for (const char* topic : {"E_MEMORY", "E_WRITTEN_1", "E_SYNCED_1", "E_MEMORY"}) {
    CHECK(publisher->topic(topic).event().commit() == Status::ok);
    CHECK(broker->expect_batch().s == ++s);
  }
  broker->ack(wire::Ack{4, 0, 0});
  acknowledged(1);
  broker->ack(wire::Ack{4, 2, 0});
  acknowledged(2);
  // Levels never fall, and a batch is released when those before it are.
  broker->ack(wire::Ack{0, 3, 2});
  CHECK(publisher->flush(1ms) == Status::timeout);
  CHECK(publisher->statistics().acknowledged == 2);
  broker->ack(wire::Ack{0, 0, 3});
  acknowledged(4);
}

TEST_CASE_METHOD(Fixture, "a rejected batch is counted as invalid and not sent again") {
  begin();
  const Topic topic = publisher->topic("E_TEST");
  for (std::uint64_t s = 1; s <= 3; ++s) {
    CHECK(topic.event().commit() == Status::ok);
    CHECK(broker->expect_batch().s == s);
  }
  broker->say(wire::Reject{2, "E_TEST", 1, "for the test"});
  broker->say(wire::Reject{9, "E_TEST", 1, "no such batch"});
  broker->ack(3);
  CHECK(publisher->flush(deadline) == Status::ok);
  const Statistics statistics = publisher->statistics();
  CHECK(statistics.acknowledged == 2);
  CHECK(statistics.invalid == 1);
  CHECK(statistics.sent == statistics.acknowledged + statistics.invalid);
  broker->ask_who();
  CHECK(broker->welcome().s == 4);
  CHECK(publisher->statistics().resent == 0);
}

TEST_CASE_METHOD(Fixture, "a rejection releases a batch without an acknowledgement") {
  begin();
  CHECK(publisher->topic("E_TEST").event().commit() == Status::ok);
  CHECK(broker->expect_batch().s == 1);
  broker->say(wire::Reject{1, "E_TEST", 1, "for the test"});
  CHECK(publisher->flush(deadline) == Status::ok);
  CHECK(publisher->statistics().invalid == 1);
}

TEST_CASE_METHOD(Fixture, "messages that are none are passed over") {
  begin();
  for (const std::vector<std::string>& frames : std::vector<std::vector<std::string>>{
           {""}, {"\xC1"}, {"\x80"}, {"two", "frames"}, {"", "", ""}, {std::string(300'000, '\x81')}}) {
    broker->send_raw(frames);
  }
  broker->say_welcome();  // answers no hello
  CHECK(publisher->topic("E_TEST").event().commit() == Status::ok);
  CHECK(broker->expect_batch().s == 1);
  broker->ack(1);
  CHECK(publisher->flush(deadline) == Status::ok);
}

TEST_CASE_METHOD(Fixture, "closing says goodbye with the last batch and the drops") {
  options.linger_ns = 30'000'000'000;
  begin();
  const Topic topic = publisher->topic("E_TEST");
  CHECK(topic.event().commit() == Status::ok);
  broker->ack(broker->expect_batch().s);
  CHECK(publisher->flush(deadline) == Status::ok);
  CHECK(topic.publish_encoded("no map") == Status::invalid);
  CHECK(publisher->close() == Status::ok);
  broker->expect_drops("E_TEST", 1);
  CHECK(broker->expect_bye().s == 1);
}

TEST_CASE("closing without a broker takes no longer than it may linger") {
  test::Endpoint endpoint;
  PublisherOptions options = endpoint.options();
  options.linger_ns = 50'000'000;
  Publisher publisher(options);
  CHECK(publisher.topic("E_TEST").event().commit() == Status::ok);
  const auto begin = std::chrono::steady_clock::now();
  CHECK(publisher.close() == Status::timeout);
  CHECK(std::chrono::steady_clock::now() - begin < 10s);
}

TEST_CASE("closing without a broker succeeds when there is nothing to send") {
  test::Endpoint endpoint;
  Publisher publisher(endpoint.options());
  CHECK(publisher.close() == Status::ok);
}

#include <map>
#include <thread>

#include "catch.hpp"
#include "conversation.hpp"

using namespace zevi;
using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 30s;

struct Fixture : test::Conversation {
  Fixture() {
    options.ring_bytes = 256 * 1024;
    options.window_bytes = 1024 * 1024;
  }

  struct Seen {
    std::uint64_t events = 0;
    std::uint64_t last_p = 0;
    std::uint64_t last_d = 0;
  };

  /// Takes in and acknowledges `events` events, whose numbers must rise in each topic.
  std::map<std::string, Seen> take_in(std::uint64_t events) {
    std::map<std::string, Seen> seen;
    for (std::uint64_t taken = 0; taken < events;) {
      const test::SentBatch batch = broker->expect_batch();
      broker->ack(batch.s);
      Seen& topic = seen[batch.topic];
      if (batch.p <= topic.last_p) FAIL("p " << batch.p << " behind " << topic.last_p);
      // Of the numbers before this batch, those that are no events are drops.
      if (batch.p - 1 != topic.events + batch.d)
        FAIL("p " << batch.p << " behind " << topic.events << " events and " << batch.d << " drops");
      topic = {topic.events + batch.n, batch.p + batch.n - 1, batch.d};
      taken += batch.n;
    }
    return seen;
  }
};

const std::string text(4000, 'x');

/// What one thread's calls came to.
struct Tried {
  std::uint64_t kept = 0;
  std::uint64_t refused = 0;

  void publish(const Topic& topic) {
    const Status status = topic.event().put("t", text).commit();
    ++(status == Status::ok ? kept : refused);
    if (status != Status::ok && status != Status::ring_full) throw std::logic_error("another status");
  }
};

}  // namespace

TEST_CASE_METHOD(
    Fixture, "without a broker the window and the ring fill, and what is dropped then is counted exactly") {
  publisher.emplace(options);
  const Topic topic = publisher->topic("E_TEST");
  Tried tried;
  while (tried.refused < 500) tried.publish(topic);
  Statistics statistics = publisher->statistics();
  CHECK(statistics.published == tried.kept);
  CHECK(statistics.dropped == tried.refused);
  CHECK(statistics.sent == 0);
  CHECK(statistics.acknowledged == 0);
  std::uint64_t left = 0;
  CHECK(publisher->flush(0s, &left) == Status::timeout);
  CHECK(left == tried.kept);

  broker->welcome();
  CHECK(take_in(tried.kept)["E_TEST"].events == tried.kept);
  CHECK(publisher->flush(deadline) == Status::ok);
  // All numbers before this event's have been used, by events and by drops.
  CHECK(topic.event().commit() == Status::ok);
  const test::SentBatch last = broker->expect_batch();
  CHECK(last.p == tried.kept + tried.refused + 1);
  CHECK(last.d == tried.refused);
  broker->ack(last.s);
  CHECK(publisher->flush(deadline) == Status::ok);
  statistics = publisher->statistics();
  CHECK(statistics.published == tried.kept + 1);
  CHECK(statistics.sent == statistics.published);
  CHECK(statistics.acknowledged == statistics.published);
  CHECK(statistics.dropped == tried.refused);
}

TEST_CASE_METHOD(Fixture, "drops that no event follows are told by a beat") {
  publisher.emplace(options);
  const Topic topic = publisher->topic("E_TEST");
  Tried tried;
  while (tried.refused < 10) tried.publish(topic);
  broker->welcome();
  static_cast<void>(take_in(tried.kept));
  broker->expect_drops("E_TEST", 10);
}

TEST_CASE_METHOD(Fixture,
                 "the drops of threads that have ended are not forgotten, whatever topics they shared") {
  constexpr int threads = 4;
  publisher.emplace(options);
  const char* const names[] = {"E_A", "E_B", "E_C"};
  const Topic topics[] = {publisher->topic(names[0]), publisher->topic(names[1]), publisher->topic(names[2])};
  Tried tried[threads][3];
  std::vector<std::thread> workers;
  for (auto& mine : tried) {
    workers.emplace_back([&mine, &topics] {
      for (int i = 0; mine[2].refused < 20; ++i) mine[i % 3].publish(topics[i % 3]);
    });
  }
  for (std::thread& worker : workers) worker.join();
  Tried sum[3];
  Tried all;
  for (const auto& mine : tried) {
    for (int i = 0; i < 3; ++i) {
      sum[i].kept += mine[i].kept;
      sum[i].refused += mine[i].refused;
      all.kept += mine[i].kept;
      all.refused += mine[i].refused;
    }
  }
  broker->welcome();
  static_cast<void>(take_in(all.kept));
  CHECK(publisher->flush(deadline) == Status::ok);
  // The ended threads' lanes are given back once they are empty; their drops have numbers by then.
  for (int i = 0; i < 3; ++i) broker->expect_drops(names[i], sum[i].refused);
  for (int i = 0; i < 3; ++i) {
    CHECK(topics[i].event().commit() == Status::ok);
    const test::SentBatch last = broker->expect_batch();
    CHECK(last.d == sum[i].refused);
    CHECK(last.p == sum[i].kept + sum[i].refused + 1);
  }
  const Statistics statistics = publisher->statistics();
  CHECK(statistics.published == all.kept + 3);
  CHECK(statistics.dropped == all.refused);
}

TEST_CASE_METHOD(Fixture, "the policy wait waits as long as it may, and drops and counts then") {
  options.full_policy = ZEVI_WAIT;
  options.wait_max_ns = 20'000'000;
  publisher.emplace(options);
  const Topic topic = publisher->topic("E_TEST");
  Tried tried;
  while (tried.refused == 0) tried.publish(topic);
  const auto begin = std::chrono::steady_clock::now();
  tried.publish(topic);
  const auto waited = std::chrono::steady_clock::now() - begin;
  CHECK(tried.refused == 2);
  CHECK(waited >= 20ms);
  CHECK(waited < 10s);
  CHECK(publisher->statistics().dropped == 2);
  CHECK(publisher->statistics().published == tried.kept);
}

TEST_CASE_METHOD(Fixture,
                 "a topic may have another policy for a full ring than its publisher, and change it") {
  publisher.emplace(options);
  const Topic drops = publisher->topic("E_DROPS");
  const Topic waits = publisher->topic("E_WAITS");
  CHECK(waits.wait_when_full(20ms) == Status::ok);
  // Once the window is full nothing makes room in the ring.
  while (publisher->statistics().window_bytes < options.window_bytes) {
    Tried().publish(drops);
  }
  for (Tried fill; fill.refused == 0;) fill.publish(drops);
  const auto time_of_a_refusal = [](const Topic& topic) {
    Tried tried;
    const auto begin = std::chrono::steady_clock::now();
    tried.publish(topic);
    CHECK(tried.refused == 1);
    return std::chrono::steady_clock::now() - begin;
  };
  CHECK(time_of_a_refusal(waits) >= 20ms);
  CHECK(drops.wait_when_full(30ms) == Status::ok);
  CHECK(time_of_a_refusal(drops) >= 30ms);
  CHECK(waits.wait_when_full(30min) == Status::ok);
  CHECK(waits.drop_when_full() == Status::ok);
  CHECK(time_of_a_refusal(waits) < 10min);
}

TEST_CASE_METHOD(Fixture,
                 "a topic whose policy is to wait loses nothing beside one that drops in the same thread") {
  constexpr std::uint64_t events = 1500;
  begin();
  Tried dropping;
  Tried waiting;
  std::thread worker([&, drops = publisher->topic("E_DROPS"), waits = publisher->topic("E_WAITS")] {
    if (waits.wait_when_full(10min) != Status::ok) return;
    for (std::uint64_t i = 0; i < events; ++i) {
      dropping.publish(drops);
      waiting.publish(waits);
    }
  });
  std::map<std::string, Seen> seen;
  while (seen["E_WAITS"].events < events) {
    const test::SentBatch batch = broker->expect_batch();
    broker->ack(batch.s);
    Seen& topic = seen[batch.topic];
    topic = {topic.events + batch.n, batch.p + batch.n - 1, batch.d};
  }
  worker.join();
  CHECK(waiting.kept == events);
  CHECK(seen["E_WAITS"].last_p == events);
  CHECK(seen["E_WAITS"].last_d == 0);
  CHECK(dropping.kept + dropping.refused == events);
  CHECK(publisher->statistics().dropped == dropping.refused);
}

TEST_CASE("a policy that is none is refused and changes nothing") {
  test::Endpoint endpoint;
  const Publisher publisher(endpoint.options());
  const Topic topic = publisher.topic("E_TEST");
  constexpr std::uint64_t year_ns = std::uint64_t{365} * 24 * 3600 * 1'000'000'000;
  CHECK(zevi_topic_set_full_policy(topic.handle(), ZEVI_WAIT, year_ns) == ZEVI_OK);
  CHECK(zevi_topic_set_full_policy(topic.handle(), ZEVI_WAIT, year_ns + 1) == ZEVI_INVALID);
  CHECK(zevi_topic_set_full_policy(topic.handle(), ZEVI_DROP, year_ns + 1) == ZEVI_OK);
  CHECK(zevi_topic_set_full_policy(nullptr, ZEVI_DROP, 0) == ZEVI_INVALID);
  CHECK(topic.wait_when_full(-1ns) == Status::invalid);
}

TEST_CASE_METHOD(Fixture, "the policy wait loses nothing while the broker takes events in") {
  constexpr std::uint64_t events = 3000;
  options.full_policy = ZEVI_WAIT;
  options.wait_max_ns = 60'000'000'000;
  begin();
  Tried tried;
  std::thread worker([&, topic = publisher->topic("E_TEST")] {
    for (std::uint64_t i = 0; i < events; ++i) tried.publish(topic);
  });
  Seen seen = take_in(events)["E_TEST"];
  worker.join();
  CHECK(tried.kept == events);
  CHECK(seen.last_p == events);
  CHECK(seen.last_d == 0);
  CHECK(publisher->flush(deadline) == Status::ok);
  CHECK(publisher->statistics().acknowledged == events);
}

TEST_CASE_METHOD(Fixture, "the window is as small as the broker wants it, and a batch always fits") {
  options.window_bytes = 8 * 1024 * 1024;
  options.ring_bytes = 8 * 1024 * 1024;
  wire::Welcome welcome;
  welcome.window_bytes = 1;
  begin(welcome);
  wait_for([](const Statistics& now) { return now.connected == 1; });
  const Topic topic = publisher->topic("E_TEST");
  Tried tried;
  for (int i = 0; i < 500; ++i) tried.publish(topic);
  CHECK(tried.refused == 0);
  // What is sent and not acknowledged stays below the smallest window, two largest batches, and one event
  // more.
  std::uint64_t sent = 0;
  const auto bytes = [&](std::uint64_t events) { return events * (text.size() + 20); };
  while (bytes(sent) < 400'000) sent += broker->expect_batch().n;
  CHECK(publisher->flush(1ms) == Status::timeout);
  CHECK(bytes(publisher->statistics().sent) < 600'000);
  broker->ack((std::uint64_t{1} << 53) - 1);
  while (sent < tried.kept) {
    const test::SentBatch batch = broker->expect_batch();
    sent += batch.n;
    broker->ack(batch.s);
  }
  CHECK(publisher->flush(deadline) == Status::ok);
}

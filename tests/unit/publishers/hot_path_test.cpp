#include <memory>
#include <mutex>

#include "call_counts.hpp"
#include "catch.hpp"
#include "open_publisher.hpp"
#include "zevi/events.hpp"

using namespace zevi;

namespace {

constexpr int events = 10'000;

/// A publisher whose broker is away, with room for all events, in a thread that has its ring.
struct Fixture {
  test::Endpoint endpoint;
  Publisher publisher{options()};
  Topic topic = publisher.topic("E_TEST");
  TypedTopic<E_CORE_LOG> log = publisher.topic<E_CORE_LOG>();

  PublisherOptions options() {
    PublisherOptions options = endpoint.options();
    options.ring_bytes = 16 * 1024 * 1024;
    return options;
  }

  Fixture() { REQUIRE(topic.event().commit() == Status::ok); }

  /// Calls `publish` and checks that it never asks for memory or a lock and never waits.
  template <typename Publish>
  void check(Publish publish, Status expected) {
    int as_expected = 0;
    test::start_counting();
    for (int i = 0; i < events; ++i) as_expected += publish(i) == expected;
    const test::CallCounts counts = test::stop_counting();
    CHECK(as_expected == events);
    CHECK(counts.allocations == 0);
    CHECK(counts.locks == 0);
    CHECK(counts.waits == 0);
  }
};

}  // namespace

TEST_CASE("what the other tests count is counted") {
  std::mutex mutex;
  test::start_counting();
  const auto memory = std::make_unique<int>(1);
  { const std::lock_guard lock(mutex); }
  const test::CallCounts counts = test::stop_counting();
  CHECK(*memory == 1);
  CHECK(counts.allocations == 1);
  CHECK(counts.locks == 1);
}

TEST_CASE_METHOD(Fixture, "an event that is put together takes no memory and no lock") {
  check(
      [&](int i) {
        return topic.event()
            .put("i", i)
            .put("d", 0.5)
            .put("s", "some text")
            .put("b", true)
            .put("n", nullptr)
            .commit();
      },
      Status::ok);
}

TEST_CASE_METHOD(Fixture, "a typed event takes no memory and no lock") {
  check(
      [&](int i) {
        return log.publish({.time = "Jul 21 10:00:00",
                            .pid = i,
                            .level = "INFO",
                            .module = "core",
                            .function = {},
                            .prefix = {},
                            .message = "a line of a log of the usual length, more or less"});
      },
      Status::ok);
}

TEST_CASE_METHOD(Fixture, "an encoded event takes no memory and no lock") {
  check([&](int) { return topic.publish_encoded("\x81\xA1i\x07"); }, Status::ok);
}

TEST_CASE_METHOD(Fixture, "an event that is cancelled, and one that is refused, take no memory and no lock") {
  check(
      [&](int) {
        { EventBuilder cancelled = topic.event(); }
        return topic.publish_encoded("no map");
      },
      Status::invalid);
}

TEST_CASE("an event that a full ring drops takes no memory and no lock, and waits for nothing") {
  test::Endpoint endpoint;
  PublisherOptions options = endpoint.options();
  options.ring_bytes = 256 * 1024;
  options.window_bytes = 1024 * 1024;
  Publisher publisher(options);
  const Topic topic = publisher.topic("E_TEST");
  const std::string text(60'000, 'x');
  while (topic.event().put("t", text).commit() == Status::ok) {
  }
  test::start_counting();
  // Once the window is full too, nothing but a broker makes room.
  for (int refused = 0; refused < events;)
    refused += topic.event().put("t", text).commit() == Status::ring_full;
  const test::CallCounts counts = test::stop_counting();
  CHECK(counts.allocations == 0);
  CHECK(counts.locks == 0);
  CHECK(counts.waits == 0);
}

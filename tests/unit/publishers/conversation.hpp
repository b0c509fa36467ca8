#pragma once

#include <chrono>
#include <optional>
#include <thread>

#include "catch.hpp"
#include "open_publisher.hpp"
#include "scripted_broker.hpp"

namespace zevi::test {

/// A publisher and the broker that it talks to.
struct Conversation {
  Endpoint endpoint;
  PublisherOptions options = endpoint.options();
  std::optional<ScriptedBroker> broker;
  std::optional<Publisher> publisher;

  Conversation() { broker.emplace(endpoint.name()); }

  /// Opens the publisher with `options` and welcomes it.
  void begin(const wire::Welcome& welcome = {}) {
    publisher.emplace(options);
    broker->welcome(welcome);
  }

  /// Another broker in the place of the first, which knows nothing of it.
  void replace_broker(std::uint64_t id) {
    broker.reset();
    broker.emplace(endpoint.name(), id);
  }

  /// The publisher's statistics as soon as they are as expected; the test fails after a deadline.
  template <typename Predicate>
  Statistics wait_for(Predicate is_expected) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    for (;;) {
      const Statistics now = publisher->statistics();
      if (is_expected(now)) return now;
      if (std::chrono::steady_clock::now() > end) FAIL("the statistics do not become what they should");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
};

}  // namespace zevi::test

#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/clock.hpp"

namespace zevi::broker {

/// Subscribers that asked to be told when their subscriptions are live. Each waits until every live publisher
/// has confirmed the generation that holds them, or until its time is up.
class Barriers {
 public:
  static constexpr std::chrono::milliseconds wait_max{200};
  static constexpr std::size_t waiting_max = 65'536;

  struct Barrier {
    std::size_t outlet = 0;  ///< where it came in
    std::string topic;
    std::uint64_t generation = 0;
    SteadyTime deadline;
  };

  /// False if too many wait already; the subscriber asks again.
  bool add(Barrier barrier) {
    if (waiting_.size() >= waiting_max) return false;
    waiting_.push_back(std::move(barrier));
    return true;
  }

  /// The subscriber left or asked anew.
  void remove(std::size_t outlet, std::string_view topic) {
    std::erase_if(waiting_, [&](const Barrier& b) { return b.outlet == outlet && b.topic == topic; });
  }

  /// Calls `release(barrier, unconfirmed)` for each that is done and forgets it. `unconfirmed(generation)`
  /// counts the live publishers that have not confirmed that generation.
  template <typename Unconfirmed, typename Release>
  void settle(SteadyTime now, Unconfirmed unconfirmed, Release release) {
    std::erase_if(waiting_, [&](const Barrier& barrier) {
      const std::uint64_t missing = unconfirmed(barrier.generation);
      if (missing > 0 && now < barrier.deadline) return false;
      release(barrier, missing);
      return true;
    });
  }

  [[nodiscard]] SteadyTime deadline() const noexcept {
    SteadyTime first = SteadyTime::max();
    for (const Barrier& barrier : waiting_) first = std::min(first, barrier.deadline);
    return first;
  }
  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }

 private:
  std::vector<Barrier> waiting_;
};

}  // namespace zevi::broker

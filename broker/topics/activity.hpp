#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "runtime/clock.hpp"

namespace zevi::broker {

/// What came in of a topic or from a publisher: altogether, and in each of the last seconds. Counted once for
/// each batch, so that it costs an event nothing.
class Activity {
 public:
  /// The rate is over so many whole seconds.
  static constexpr std::uint32_t seconds_shown = 5;

  void count(std::uint64_t events, std::uint64_t bytes, const Now& now) noexcept {
    events_ += events;
    bytes_ += bytes;
    last_ns_ = now.realtime_ns;
    const std::uint32_t second = second_of(now.steady);
    Second& place = seconds_[second % seconds_.size()];
    if (place.second != second) place = {second, 0};
    place.events += static_cast<std::uint32_t>(events);
  }

  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  /// Realtime of the last batch; 0 if none came.
  [[nodiscard]] std::uint64_t last_ns() const noexcept { return last_ns_; }
  /// Events a second, over the seconds before the one that runs.
  [[nodiscard]] double rate(SteadyTime now) const noexcept {
    const std::uint32_t running = second_of(now);
    std::uint64_t events = 0;
    for (const Second& second : seconds_) {
      const std::uint32_t age = running - second.second;
      if (age >= 1 && age <= seconds_shown) events += second.events;
    }
    return static_cast<double>(events) / seconds_shown;
  }

 private:
  struct Second {
    std::uint32_t second = 0;
    std::uint32_t events = 0;
  };

  [[nodiscard]] static std::uint32_t second_of(SteadyTime time) noexcept {
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
  }

  std::uint64_t events_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t last_ns_ = 0;
  std::array<Second, 8> seconds_{};
};

/// Numbers that subscribers do not get, by what became of them.
struct Losses {
  std::uint64_t dropped = 0;  ///< by the publisher
  std::uint64_t invalid = 0;  ///< refused with their batch
  std::uint64_t expired = 0;  ///< older than max-age
};

}  // namespace zevi::broker

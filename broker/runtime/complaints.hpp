#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "clock.hpp"
#include "zevi/broker.hpp"

namespace zevi::broker {

/// Reports bad input in one line a second at most: the latest reason and how many there were. A peer that
/// sends rubbish at full speed must not fill a log.
class Complaints {
 public:
  explicit Complaints(std::function<void(LogLevel, std::string_view)> log) : log_(std::move(log)) {}

  void add(std::string_view what, std::string_view who, std::string_view reason) {
    ++waiting_;
    latest_.assign(what).append(" from ").append(who).append(": ").append(reason);
  }

  void report(SteadyTime now) {
    if (waiting_ == 0 || now < next_) return;
    if (waiting_ > 1) latest_ += " (the last of " + std::to_string(waiting_) + ")";
    if (log_) log_(LogLevel::warning, latest_);
    waiting_ = 0;
    next_ = now + std::chrono::seconds(1);
  }

  /// When `report` has something to say.
  [[nodiscard]] SteadyTime deadline() const noexcept { return waiting_ == 0 ? SteadyTime::max() : next_; }

 private:
  std::function<void(LogLevel, std::string_view)> log_;
  std::string latest_;
  std::uint64_t waiting_ = 0;
  SteadyTime next_{};
};

}  // namespace zevi::broker

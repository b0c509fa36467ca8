#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "ledger.hpp"

namespace zevi::subscriber {

/// How long one goes on asking somebody who does not answer, with pauses that grow.
class Patience {
 public:
  /// It failed again. False if that has gone on for `longest`.
  [[nodiscard]] bool goes_on(Clock::time_point now, Clock::duration longest) noexcept {
    if (!failing_since_) failing_since_ = now;
    if (now - *failing_since_ >= longest) return false;
    ask_again_ = now + pause_;
    pause_ = std::min<Clock::duration>(2 * pause_, pause_longest);
    return true;
  }
  void renew() noexcept {
    failing_since_.reset();
    pause_ = pause_first;
  }
  /// When to ask again.
  [[nodiscard]] Clock::time_point due() const noexcept { return ask_again_; }

 private:
  static constexpr std::chrono::milliseconds pause_first{50};
  static constexpr std::chrono::milliseconds pause_longest{1000};

  std::optional<Clock::time_point> failing_since_;
  Clock::duration pause_ = pause_first;
  Clock::time_point ask_again_{};
};

}  // namespace zevi::subscriber

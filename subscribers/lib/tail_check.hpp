#pragma once

#include <algorithm>
#include <chrono>

#include "ledger.hpp"

namespace zevi::subscriber {

/// When to ask whether events are missing behind the last one of a topic, which no gap tells of: once nothing
/// has come for a while, and now and then if something comes all the time.
class TailCheck {
 public:
  /// Something arrived.
  void note(Clock::time_point now) noexcept {
    last_ = now;
    if (is_due_) return;
    is_due_ = true;
    since_ = now;
  }
  void done() noexcept { is_due_ = false; }
  [[nodiscard]] Clock::time_point due() const noexcept {
    return is_due_ ? std::min<Clock::time_point>(last_ + quiet, since_ + longest) : Clock::time_point::max();
  }

 private:
  static constexpr std::chrono::seconds quiet{1};
  static constexpr std::chrono::seconds longest{10};

  bool is_due_ = false;
  Clock::time_point since_{};
  Clock::time_point last_{};
};

}  // namespace zevi::subscriber

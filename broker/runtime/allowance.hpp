#pragma once

#include <algorithm>
#include <chrono>

#include "clock.hpp"

namespace zevi::broker {

/// So many at once, and so many a second in the long run.
class Allowance {
 public:
  /// False if none is left. What is more than is left is given too, and has to be waited for afterwards.
  [[nodiscard]] bool take(double amount, double at_once, double per_second, SteadyTime now) noexcept {
    const std::chrono::duration<double> passed = now - looked_at_;
    looked_at_ = now;
    left_ = std::min(at_once, left_ + passed.count() * per_second);
    if (left_ < 1) return false;
    left_ -= amount;
    return true;
  }

 private:
  double left_ = 0;
  SteadyTime looked_at_{};  // so long ago that the first finds all there
};

}  // namespace zevi::broker

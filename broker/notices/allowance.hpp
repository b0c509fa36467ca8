#pragma once

#include <algorithm>
#include <chrono>

#include "runtime/clock.hpp"

namespace zevi::broker {

/// So many at once, and so many a second in the long run.
class Allowance {
 public:
  Allowance(double at_once, double per_second) noexcept
      : at_once_(at_once), per_second_(per_second), left_(at_once) {}

  /// False if there is none left.
  [[nodiscard]] bool take(SteadyTime now) noexcept {
    const std::chrono::duration<double> passed = now - looked_at_;
    looked_at_ = now;
    left_ = std::min(at_once_, left_ + passed.count() * per_second_);
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  const double at_once_;
  const double per_second_;
  double left_;
  SteadyTime looked_at_{};
};

}  // namespace zevi::broker

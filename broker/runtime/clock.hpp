#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace zevi::broker {

using SteadyTime = std::chrono::steady_clock::time_point;

/// The moment at which a round of the broker's thread began. Deadlines go by the steady clock; what
/// subscribers see is realtime that never decreases, however the clock is set.
struct Now {
  SteadyTime steady;
  std::uint64_t realtime_ns = 0;
};

class Clock {
 public:
  [[nodiscard]] Now now() noexcept {
    using std::chrono::duration_cast;
    using std::chrono::nanoseconds;
    const auto realtime = std::chrono::system_clock::now().time_since_epoch();
    last_realtime_ns_ =
        std::max(last_realtime_ns_, static_cast<std::uint64_t>(duration_cast<nanoseconds>(realtime).count()));
    return {std::chrono::steady_clock::now(), last_realtime_ns_};
  }

 private:
  std::uint64_t last_realtime_ns_ = 0;
};

}  // namespace zevi::broker

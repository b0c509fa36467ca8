#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "egress/egress.hpp"
#include "history/history.hpp"
#include "memory_health.hpp"
#include "metrics/counters.hpp"
#include "runtime/clock.hpp"

namespace zevi::broker {

/// Keeps the process below its limit of memory, by giving up in this order: what the history holds, the
/// oldest first; subscribers that do not read, whose queues libzmq then frees; and, once the limit is
/// reached, what publishers send. Each has its own limit already; this is for what comes together.
///
/// It begins at nine tenths, since memory grows between two looks and the allocator gives back only part of
/// what is freed, and ends below 85 %. Belongs to the routing thread.
class MemoryGuard {
 public:
  static constexpr std::uint64_t bytes_min = std::uint64_t{32} << 20U;

  MemoryGuard(std::uint64_t bytes_max, History& history, Egress& egress, Counters& counters);

  /// To be called in every round; looks 20 times a second. `changed` is called when an overload begins or
  /// ends.
  void do_work(const Now& now, const std::function<void(const MemoryHealth&)>& changed);

  /// True while nothing more is to be taken in.
  [[nodiscard]] bool is_full() const noexcept { return is_full_; }
  [[nodiscard]] std::uint64_t bytes_max() const noexcept { return bytes_max_; }
  /// When `do_work` has something to do.
  [[nodiscard]] SteadyTime deadline() const noexcept {
    return health_.is_overloaded ? next_look_ : SteadyTime::max();
  }

 private:
  void begin(std::uint64_t bytes);
  void end(std::uint64_t bytes);
  void give_up(std::uint64_t bytes, bool may_cut);

  const std::uint64_t bytes_max_;
  History& history_;
  Egress& egress_;
  Counters& counters_;
  MemoryHealth health_;
  bool is_full_ = false;
  std::uint64_t evicted_before_ = 0;
  std::uint64_t refused_before_ = 0;
  SteadyTime next_look_{};
};

}  // namespace zevi::broker

#include "memory_guard.hpp"

#include <malloc.h>

#include "resident_memory.hpp"

namespace zevi::broker {

namespace {

constexpr std::chrono::milliseconds look_interval{50};

/// Parts of the limit, in percent.
constexpr std::uint64_t begins_at = 90;
constexpr std::uint64_t ends_at = 85;

}  // namespace

MemoryGuard::MemoryGuard(std::uint64_t bytes_max, History& history, Egress& egress, Counters& counters)
    : bytes_max_(bytes_max), history_(history), egress_(egress), counters_(counters) {}

void MemoryGuard::do_work(const Now& now, const std::function<void(const MemoryHealth&)>& changed) {
  if (now.steady < next_look_) return;
  next_look_ = now.steady + look_interval;
  const std::uint64_t bytes = resident_bytes();
  is_full_ = bytes >= bytes_max_;
  const bool is_near = bytes >= bytes_max_ / 100 * begins_at;
  if (is_near && !health_.is_overloaded) {
    begin(bytes);
    changed(health_);
  }
  if (!health_.is_overloaded) return;
  if (bytes >= bytes_max_ / 100 * ends_at) return give_up(bytes - bytes_max_ / 100 * ends_at, is_near);
  end(bytes);
  changed(health_);
}

void MemoryGuard::begin(std::uint64_t bytes) {
  counters_.add(Counter::overloads);
  evicted_before_ = counters_.get(Counter::history_evicted);
  refused_before_ = counters_.get(Counter::events_refused_full);
  health_ = {.is_overloaded = true, .bytes = bytes, .bytes_max = bytes_max_};
}

void MemoryGuard::end(std::uint64_t bytes) {
  health_.is_overloaded = false;
  health_.bytes = bytes;
  health_.evicted = counters_.get(Counter::history_evicted) - evicted_before_;
  health_.refused = counters_.get(Counter::events_refused_full) - refused_before_;
}

void MemoryGuard::give_up(std::uint64_t bytes, bool may_cut) {
  if (!history_.give_up(bytes) && may_cut && egress_.cut_slowest()) {
    ++health_.cut;
    counters_.add(Counter::subscribers_cut);
  }
  // What is freed stays with the allocator otherwise. What a subscriber's queue held is freed by libzmq's
  // thread, and is here at the next look.
  malloc_trim(0);
}

}  // namespace zevi::broker

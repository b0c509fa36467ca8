#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "zevi/publisher_counters.h"

namespace zevi::shim {

/// What the flusher counts and others read; see `zevi_statistics`.
struct Counters {
  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::uint64_t> acknowledged{0};
  std::atomic<std::uint64_t> invalid{0};
  std::atomic<std::uint64_t> resent{0};
  std::atomic<std::uint64_t> window_batches{0};
  std::atomic<std::uint64_t> window_bytes{0};
  std::atomic<bool> connected{false};
  zevi_counters_answered* by_topic = nullptr;  ///< in the counters file; null without one
};

/// For counters with one writer: a plain load and store instead of a locked one.
inline void add(std::atomic<std::uint64_t>& counter, std::uint64_t n) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

/// The same for one in the counters file.
inline void add(std::uint64_t& counter, std::uint64_t n) noexcept {
  const std::atomic_ref shared(counter);
  shared.store(shared.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

/// The flusher's: what the broker said to a batch of this topic.
inline void count_answer(Counters& counters, std::size_t topic, bool was_rejected,
                         std::uint64_t events) noexcept {
  add(was_rejected ? counters.invalid : counters.acknowledged, events);
  if (counters.by_topic == nullptr) return;
  zevi_counters_answered& answers = counters.by_topic[topic];
  add(was_rejected ? answers.invalid : answers.acknowledged, events);
}

}  // namespace zevi::shim

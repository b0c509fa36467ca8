#pragma once

#include <atomic>
#include <cstdint>

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
};

/// For counters with one writer: a plain load and store instead of a locked one.
inline void add(std::atomic<std::uint64_t>& counter, std::uint64_t n) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

}  // namespace zevi::shim

#pragma once

#include <chrono>
#include <cstdint>
#include <thread>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

/// The processor's own clock: reading it takes some ten nanoseconds, without a call.
namespace zevi::bench {

/// Does not move across the instructions around it.
[[nodiscard]] inline std::uint64_t ticks() noexcept {
#if defined(__x86_64__)
  _mm_lfence();
  const std::uint64_t now = __rdtsc();
  _mm_lfence();
  return now;
#else
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

/// Nanoseconds of a tick, measured once against the steady clock.
[[nodiscard]] inline double ns_per_tick() {
  using Clock = std::chrono::steady_clock;
  static const double ns = [] {
    const auto begin = Clock::now();
    const std::uint64_t first = ticks();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const std::chrono::duration<double, std::nano> passed = Clock::now() - begin;
    return passed.count() / static_cast<double>(ticks() - first);
  }();
  return ns;
}

}  // namespace zevi::bench

#pragma once

#include <cstdint>

/// How often the calling thread asked the C library for memory or for a lock while it was being counted, from
/// whatever library of the process. Linking `call_counts.cpp` puts its functions in front of the C library's.
namespace zevi::test {

struct CallCounts {
  std::uint64_t allocations = 0;
  std::uint64_t locks = 0;
  /// Sleeps and waits for another thread.
  std::uint64_t waits = 0;
};

void start_counting() noexcept;
[[nodiscard]] CallCounts stop_counting() noexcept;

}  // namespace zevi::test

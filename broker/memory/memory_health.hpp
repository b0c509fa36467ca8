#pragma once

#include <cstdint>

namespace zevi::broker {

/// Whether the process is at its limit of memory, and what has been given up since it came there.
struct MemoryHealth {
  bool is_overloaded = false;
  std::uint64_t bytes = 0;
  std::uint64_t bytes_max = 0;
  std::uint64_t evicted = 0;  ///< events that left the history
  std::uint64_t cut = 0;      ///< subscribers
  std::uint64_t refused = 0;  ///< events of publishers
};

}  // namespace zevi::broker

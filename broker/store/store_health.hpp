#pragma once

#include <cstdint>
#include <string>

namespace zevi::broker {

/// Whether the disk takes what it is given. While it does not, the store is degraded: events are kept in
/// memory alone, and nothing is acknowledged as written.
struct StoreHealth {
  std::string directory;
  bool is_degraded = false;
  std::string reason;          ///< why it is, or was for the last time
  std::uint64_t left_out = 0;  ///< events that were kept in memory alone since then
};

}  // namespace zevi::broker

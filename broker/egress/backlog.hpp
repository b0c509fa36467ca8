#pragma once

#include <cstdint>

#include "runtime/clock.hpp"

namespace zevi::broker {

/// What the kernel holds for a reader that has not read it, as it was found at each look. What waits before
/// that, in libzmq's queue, nobody can see.
class Backlog {
 public:
  void look(std::uint64_t bytes, std::uint64_t now_ns) noexcept {
    if (bytes == 0) {
      waiting_since_ns_ = still_since_ns_ = 0;
    } else {
      if (waiting_since_ns_ == 0) waiting_since_ns_ = now_ns;
      if (still_since_ns_ == 0 || bytes < bytes_) still_since_ns_ = now_ns;
    }
    bytes_ = bytes;
  }

  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  /// Since when something waits at each look; 0 if nothing does.
  [[nodiscard]] std::uint64_t waiting_since_ns() const noexcept { return waiting_since_ns_; }
  /// Since when it has never become less, so that nothing seems to be read; 0 if nothing waits.
  [[nodiscard]] std::uint64_t still_since_ns() const noexcept { return still_since_ns_; }

 private:
  std::uint64_t bytes_ = 0;
  std::uint64_t waiting_since_ns_ = 0;
  std::uint64_t still_since_ns_ = 0;
};

}  // namespace zevi::broker

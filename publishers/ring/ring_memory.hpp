#pragma once

#include <cstddef>
#include <cstdint>

namespace zevi::shim {

/// The pages of one ring, there from the start, so that publishing takes no page fault. After a fork the
/// child finds them filled with zeros instead of sharing them, so that the parent takes no fault either; a
/// child that goes on writing to an event begun before the fork writes to these pages of its own.
class RingMemory {
 public:
  /// `begin()` is null if the system gives no memory.
  explicit RingMemory(std::size_t bytes) noexcept;
  ~RingMemory();
  RingMemory(const RingMemory&) = delete;
  RingMemory& operator=(const RingMemory&) = delete;

  [[nodiscard]] std::uint8_t* begin() const noexcept { return begin_; }

 private:
  std::uint8_t* begin_ = nullptr;
  std::size_t bytes_;
};

}  // namespace zevi::shim

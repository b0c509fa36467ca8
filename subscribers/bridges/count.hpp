#pragma once

#include <atomic>
#include <cstdint>

namespace zevi::bridges {

/// A number that one thread changes and any thread reads, for no more than a plain one costs.
class Count {
 public:
  Count() = default;
  Count& operator=(std::uint64_t to) noexcept {
    value_.store(to, std::memory_order_relaxed);
    return *this;
  }
  Count& operator+=(std::uint64_t by) noexcept { return *this = *this + by; }
  Count& operator++() noexcept { return *this += 1; }
  operator std::uint64_t() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

}  // namespace zevi::bridges

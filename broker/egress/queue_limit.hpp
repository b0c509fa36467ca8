#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "zevi/limits.hpp"

namespace zevi::broker {

/// How many messages may wait for one subscriber, so that what waits is never more than a budget of bytes.
///
/// libzmq counts messages whatever their size, and a mark that is right for the largest holds some
/// milliseconds of small ones. So the mark follows the size of what is sent: each of four sizes may fill a
/// quarter of the budget. It falls as soon as a larger message comes, and rises when there was none for a
/// second. Since messages that were let in under one mark count under the next, the quarters never add up to
/// more than the whole.
class QueueLimit {
 public:
  explicit QueueLimit(std::size_t budget_bytes) noexcept : budget_bytes_(budget_bytes) {}

  /// The mark under which a message of `bytes` is to be sent at the realtime `now_ns`.
  [[nodiscard]] int limit_for(std::size_t bytes, std::uint64_t now_ns) noexcept {
    const std::size_t size = size_of(bytes);
    if (size >= size_ || now_ns - last_of_size_ns_ > hold_ns) {
      size_ = size;
      last_of_size_ns_ = now_ns;
    }
    return limit(size_);
  }

 private:
  static constexpr std::array<std::size_t, 4> sizes{std::size_t{4} * 1024, std::size_t{32} * 1024,
                                                    std::size_t{128} * 1024, limits::batch_bytes_max};
  static constexpr std::uint64_t hold_ns = 1'000'000'000;

  [[nodiscard]] static std::size_t size_of(std::size_t bytes) noexcept {
    const auto* const found =
        std::find_if(sizes.begin(), sizes.end() - 1, [bytes](std::size_t size) { return bytes <= size; });
    return static_cast<std::size_t>(found - sizes.begin());
  }

  [[nodiscard]] int limit(std::size_t size) const noexcept {
    return static_cast<int>(
        std::clamp<std::size_t>(budget_bytes_ / sizes.size() / sizes[size], 1, 1'000'000));
  }

  std::size_t budget_bytes_;
  std::size_t size_ = sizes.size() - 1;
  std::uint64_t last_of_size_ns_ = 0;
};

}  // namespace zevi::broker

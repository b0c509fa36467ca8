#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "publisher.hpp"
#include "runtime/clock.hpp"
#include "zevi/limits.hpp"

namespace zevi::broker {

/// How long publishers are asked to collect events between batches. A batch costs the same whatever is in it:
/// the worker, the broker and every subscriber wake for it. One busy publisher may send as often as it likes;
/// with many, each is asked to send less often, so that together they send 1,250 batches a second, and only
/// with more than 62 of them more again, since nobody is asked to wait for longer than `limits::pace_max`.
/// There is one for each lane of topics: what floods a route slows down nobody who publishes elsewhere.
class Pace {
 public:
  /// A batch has come, of a publisher and topic that `mark` belongs to.
  void count(PaceMark& mark, SteadyTime now) noexcept {
    if (now - span_begin_ >= span) begin_span(now);
    if (mark.span != span_) mark = {span_, 0};
    if (++mark.batches == busy_batches) ++busy_;
  }

  [[nodiscard]] std::chrono::microseconds collect() const noexcept {
    const std::uint32_t busy = std::max(busy_before_, busy_);
    if (busy < 2) return std::chrono::microseconds(0);
    return std::min<std::chrono::microseconds>(busy * per_busy, limits::pace_max);
  }

 private:
  void begin_span(SteadyTime now) noexcept {
    busy_before_ = now - span_begin_ < 2 * span ? busy_ : 0;
    busy_ = 0;
    span_begin_ = now;
    ++span_;
  }

  static constexpr std::chrono::milliseconds span{200};
  /// In a span, of one publisher in one topic: no more than the slowest pace allows.
  static constexpr std::uint32_t busy_batches = 3;
  static constexpr std::chrono::microseconds per_busy{800};

  SteadyTime span_begin_{};
  std::uint32_t span_ = 1;
  std::uint32_t busy_ = 0;
  std::uint32_t busy_before_ = 0;
};

}  // namespace zevi::broker

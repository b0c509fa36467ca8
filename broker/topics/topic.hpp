#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "activity.hpp"
#include "runtime/clock.hpp"

namespace zevi::broker {

/// Who a publisher says it is; shared by the pieces that still wait to be sent.
struct PublisherName {
  std::uint64_t id = 0;
  std::string src;
  std::uint64_t pid = 0;
  std::string host;

  /// For people.
  [[nodiscard]] std::string shown() const { return src + " (pid " + std::to_string(pid) + ")"; }
};

/// A batch that has been taken in and numbered, and waits to leave.
struct Piece {
  std::shared_ptr<const PublisherName> publisher;
  std::string origin;
  std::uint64_t p = 0;
  std::uint32_t n = 0;
  zmq::message_t body;
};

/// How many small batches of a topic arrive that could be joined with one of another publisher, measured over
/// spans of 100 ms. A publisher alone makes its batches as large as they should be by itself.
class PieceRate {
 public:
  void count(std::uint64_t publisher_id, SteadyTime now) noexcept {
    if (std::exchange(last_publisher_, publisher_id) == publisher_id) return;
    if (now - span_begin_ >= span) {
      const bool adjacent = now - span_begin_ < 2 * span;
      per_second_ = adjacent ? in_span_ * spans_per_second : 0;
      span_begin_ = now;
      in_span_ = 0;
    }
    ++in_span_;
  }
  [[nodiscard]] std::uint64_t per_second() const noexcept { return per_second_; }

 private:
  static constexpr std::chrono::milliseconds span{100};
  static constexpr std::uint64_t spans_per_second = 10;

  SteadyTime span_begin_{};
  std::uint64_t last_publisher_ = 0;
  std::uint64_t in_span_ = 0;
  std::uint64_t per_second_ = 0;
};

struct Topic {
  explicit Topic(std::string topic_name) : name(std::move(topic_name)) {}

  const std::string name;
  std::uint64_t next_q = 1;         ///< for the next event that is taken in
  std::uint64_t unsent_q = 1;       ///< all events below have left and, if they are kept, are in the history
  std::uint64_t lost_before = 0;    ///< `l`
  std::vector<Piece> pending;       ///< numbered from `unsent_q` to below `next_q`
  std::uint64_t first_pending = 0;  ///< which piece of all the first of them is
  SteadyTime pending_until{};       ///< when the first of them must leave
  PieceRate rate;
  std::chrono::nanoseconds max_age{0};  ///< 0: events do not expire
  std::size_t lane = 0;  ///< 0, or 1 and up for those that a route has to itself; one lane is paced as one
  Activity activity;     ///< what this broker took in
  Losses losses;         ///< what this broker added to `lost_before`
  std::uint64_t lost_after = 0;  ///< events that readers say did not reach them, each reader's
};

}  // namespace zevi::broker

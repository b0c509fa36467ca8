#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "notification.hpp"

namespace zevi::ingest {

/// What became of everything that arrived. Kept by the main thread.
///   received = published + suppressed + dropped + refused (all reasons) + unpublished
struct Counters {
  static constexpr std::size_t refusals = static_cast<std::size_t>(Refusal::too_large) + 1;

  std::uint64_t datagrams = 0;
  std::uint64_t stream_objects = 0;
  std::uint64_t published = 0;
  std::uint64_t suppressed = 0;   ///< nobody wants them
  std::uint64_t dropped = 0;      ///< the publisher had no room; subscribers see the number
  std::uint64_t unpublished = 0;  ///< the publisher refused them, as it does beyond 1,024 topics
  std::array<std::uint64_t, refusals> refused_for{};  ///< by `Refusal`
  std::uint64_t repeated_keys = 0;
  std::uint64_t streams = 0;
  std::uint64_t streams_given_up = 0;  ///< closed because an object did not end
  std::uint64_t cut_objects = 0;       ///< whose connection ended before them
  std::uint64_t stray_bytes = 0;       ///< between the objects of streams

  std::uint64_t unanswered = 0;           ///< requests that got no answer
  std::uint64_t queue_dropped = 0;        ///< datagrams that found the queue full
  std::uint64_t kernel_dropped = 0;       ///< datagrams that found the socket full, as the kernel counts them
  std::uint64_t stream_pauses = 0;        ///< times that streams were left unread because the queue was full
  std::uint64_t refused_connections = 0;  ///< beyond the most that are served

  [[nodiscard]] std::uint64_t received() const noexcept { return datagrams + stream_objects; }
  [[nodiscard]] std::uint64_t refused() const noexcept;
  /// Events that were lost before this program could read them, or in its queue.
  [[nodiscard]] std::uint64_t lost_before() const noexcept { return queue_dropped + kernel_dropped; }

  /// One line for people: the sum above, and whatever else is not 0.
  [[nodiscard]] std::string summary() const;
};

}  // namespace zevi::ingest

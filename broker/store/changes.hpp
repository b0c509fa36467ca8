#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "rows.hpp"

namespace zevi::broker {

/// A message on its way to the disk. Header and body are shared with whoever else has them.
struct MessageToStore {
  std::uint64_t segment = 0;
  std::uint32_t topic = 0;
  std::uint64_t q = 0;
  std::uint32_t n = 0;
  std::uint64_t at = 0;
  std::string_view topic_name;  ///< outlives the store
  zmq::message_t header;
  zmq::message_t body;
  /// Nobody was promised that it is written: if the disk cannot take it, it stays in memory alone.
  bool may_be_left_out = true;

  [[nodiscard]] std::size_t bytes() const noexcept {
    return header.size() + body.size() + topic_name.size() + overhead_bytes;
  }
  /// Its key, its head and what the database adds to them.
  static constexpr std::size_t overhead_bytes = 64;
};

/// A segment that leaves, and what lies around it: no segment from `gap_begin` to below `gap_end` is held.
struct RemovedSegment {
  std::uint64_t number = 0;
  std::uint64_t gap_begin = 0;
  std::uint64_t gap_end = 0;
};

/// What is written together or not at all.
struct Changes {
  std::vector<MessageToStore> messages;
  std::vector<KeyValue> rows;
  std::vector<KeyRange> removed_rows;
  std::vector<RemovedSegment> removed_segments;

  [[nodiscard]] bool empty() const noexcept {
    return messages.empty() && rows.empty() && removed_rows.empty() && removed_segments.empty();
  }
};

}  // namespace zevi::broker

#pragma once

#include <cstddef>
#include <cstdint>

#include "zevi/limits.hpp"
#include "zevi/wire/body.hpp"

namespace zevi::shim {

/// What precedes an event in its thread's ring. The event follows as it goes into the body of a batch, the
/// pair of time and map, so that the flusher only copies.
struct RecordHead {
  std::uint32_t entry_bytes;   ///< of the pair
  std::uint16_t topic;         ///< index of the topic
  std::uint16_t entry_offset;  ///< from the end of the head to the pair
  std::uint64_t dropped;  ///< how many events of this topic the thread had dropped before this one, in all
};
static_assert(sizeof(RecordHead) == 16);

/// The head of the longest map that can fit: three bytes hold 65,535 pairs.
inline constexpr std::size_t map_head_bytes_max = 3;

/// A caller that encodes a map itself asks for an upper bound, which may be somewhat above what it will
/// write.
inline constexpr std::size_t map_bound_max = limits::event_bytes_max + 1024;

inline constexpr std::size_t record_bytes_max =
    sizeof(RecordHead) + wire::entry_head_bytes + map_head_bytes_max + map_bound_max;

}  // namespace zevi::shim

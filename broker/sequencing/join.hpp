#pragma once

#include <cstdint>
#include <vector>
#include <zmq.hpp>

#include "topics/topic.hpp"
#include "zevi/wire/subscriber_messages.hpp"

namespace zevi::broker {

/// Bodies of this size and above are never copied: each leaves in a message of its own.
inline constexpr std::size_t join_piece_bytes_max = std::size_t{32} * 1024;

/// The most runs in one message, which keeps its header near the size of a control frame.
inline constexpr std::size_t join_runs_max = 128;

/// The end of the longest group from `first` on that one message may hold; at least one piece.
[[nodiscard]] Piece* end_of_group(Piece* first, Piece* last) noexcept;

/// Adds the piece's events to the last run if they continue it, else as a run of their own.
void add_to_runs(std::vector<wire::Run>& runs, const Piece& piece);

/// The entries of all pieces behind one array head of `n` entries.
[[nodiscard]] zmq::message_t join_bodies(const Piece* first, const Piece* last, std::uint32_t n);

}  // namespace zevi::broker

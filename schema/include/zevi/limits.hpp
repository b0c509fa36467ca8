#pragma once

#include <chrono>
#include <cstddef>

/// The limits that publishers, broker and subscribers share. Sizes are in bytes.
namespace zevi::limits {

/// One event: its parameter map as msgpack.
inline constexpr std::size_t event_bytes_max = 64 * 1024;
/// The body of one batch.
inline constexpr std::size_t batch_bytes_max = 256 * 1024;
/// What one message of `stream` holds, unless a single event is larger. So many bytes that the cost of a
/// message no longer counts, and so few that a queue of messages is a queue of bytes. Publishers make their
/// batches up to it.
inline constexpr std::size_t message_bytes_max = 64 * 1024;
/// Arrays and maps inside one another in an event, its own map counted as the first.
inline constexpr std::size_t nesting_max = 16;
/// The ring of one publishing thread.
inline constexpr std::size_t ring_bytes = 1024 * 1024;
/// Batches that a publisher has sent and the broker has not acknowledged.
inline constexpr std::size_t window_bytes = 8 * 1024 * 1024;
/// The largest frame that the broker's ingress reads; a peer that sends more is disconnected.
inline constexpr std::size_t ingress_frame_bytes_max = 512 * 1024;
/// A frame that carries no events: hello, header of a batch, welcome, ack, reject.
inline constexpr std::size_t control_frame_bytes_max = 16 * 1024;
/// A frame that lists topics or prefixes, of which 1,024 at their longest fit: interest, beat, bye.
inline constexpr std::size_t list_frame_bytes_max = 256 * 1024;
/// What may wait in the broker for one subscriber of the `stream` endpoint.
inline constexpr std::size_t subscriber_budget_bytes = 64 * 1024 * 1024;
/// Topics of one publisher.
inline constexpr std::size_t publisher_topics_max = 1024;
/// A question to the history, and the end of its answer, which name all topics concerned.
inline constexpr std::size_t replay_frame_bytes_max = 4 * 1024 * 1024;
/// Bodies in one answer: as long as the reader does not say, and at most.
inline constexpr std::size_t replay_answer_bytes = 4 * 1024 * 1024;
inline constexpr std::size_t replay_answer_bytes_max = 16 * 1024 * 1024;
/// Topics and prefixes in one question.
inline constexpr std::size_t replay_filters_max = 1024;
/// An answer at `control`, and the rows in it; longer lists take several answers.
inline constexpr std::size_t control_answer_bytes_max = 4 * 1024 * 1024;
inline constexpr std::size_t control_rows_max = 65'536;
/// Prefixes that one connection of a subscriber may have; with more it is cut off.
inline constexpr std::size_t connection_prefixes_max = 4096;
/// Prefixes in one interest; with more the broker asks for everything.
inline constexpr std::size_t interest_prefixes_max = 1024;

inline constexpr std::chrono::milliseconds beat_interval{1000};
/// The longest that a broker may ask a publisher to collect events between batches.
inline constexpr std::chrono::milliseconds pace_max{50};
/// A publisher without a beat for this long is down.
inline constexpr std::chrono::milliseconds silence_max{3000};

}  // namespace zevi::limits

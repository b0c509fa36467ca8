#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "metrics/counters.hpp"
#include "topics/topic.hpp"
#include "zevi/wire/subscriber_messages.hpp"

namespace zevi::broker {

/// A message as it leaves: numbered events of one topic. What it points to lives until the sink returns.
class SequencedMessage {
 public:
  /// `is_own_body`: the broker made the body itself by joining; else it may be as the network gave it.
  SequencedMessage(const Topic& of, zmq::message_t& with, bool is_own)
      : topic(of), body(with), is_own_body(is_own) {}

  const Topic& topic;
  wire::StreamHeader header;
  /// Shared by reference count, so that each sink sends or keeps it without a copy.
  zmq::message_t& body;
  const bool is_own_body;

  /// libzmq reads frames below this size into a buffer that it shares among all that fit (`in_batch_size` in
  /// its config.hpp): one small body kept as it came would keep 18 KiB in memory.
  static constexpr std::size_t shared_buffer_bytes = 8192;

  /// The body to share for longer than it takes to send it.
  [[nodiscard]] zmq::message_t& kept_body() {
    if (is_own_body || body.size() >= shared_buffer_bytes) return body;
    if (kept_body_.size() == 0) kept_body_ = zmq::message_t(body.data(), body.size());
    return kept_body_;
  }

  /// The header as a frame: encoded for the first who asks, shared like the body.
  [[nodiscard]] zmq::message_t& header_frame() {
    if (header_frame_.size() == 0) {
      // Names of a usual length fit, so that the text does not grow again and again.
      std::string bytes;
      bytes.reserve(head_bytes + header.r.size() * run_bytes);
      wire::encode(header, bytes);
      header_frame_ = zmq::message_t(bytes);
    }
    return header_frame_;
  }

 private:
  static constexpr std::size_t head_bytes = 64;
  static constexpr std::size_t run_bytes = 96;

  zmq::message_t header_frame_;
  zmq::message_t kept_body_;
};

/// Takes sequenced messages on: an endpoint, the history.
class MessageSink {
 public:
  virtual ~MessageSink() = default;
  virtual void take(SequencedMessage& message) = 0;
};

/// Gives every event its number and decides in which message it leaves.
///
/// A large batch of one publisher leaves as it came, by reference; one too large for a message is split.
/// Small batches that meet in a topic are joined, copied behind one array head, with a run for each
/// publisher: those that arrived in the same round, and, in a topic that gets more than 200 batches a second,
/// those that arrive within a wait that grows with that rate. A lone event never waits.
class Sequencer {
 public:
  Sequencer(std::uint64_t epoch, std::chrono::microseconds coalesce_max, Counters& counters)
      : epoch_(epoch), coalesce_max_(coalesce_max), counters_(counters) {}

  void set_coalesce(std::chrono::microseconds longest) noexcept { coalesce_max_ = longest; }
  void add_sink(MessageSink& sink) { sinks_.push_back(&sink); }

  /// Numbers a batch and keeps it until its topic is flushed.
  void accept(Topic& topic, Piece&& piece, const Now& now);

  /// Sends what is due at `now`.
  void flush(const Now& now);
  /// Sends everything.
  void flush_all(const Now& now);

  /// Pieces are counted as they are taken in: so many were, and so many of the first of them were sent.
  [[nodiscard]] std::uint64_t pieces_accepted() const noexcept { return pieces_accepted_; }
  [[nodiscard]] std::uint64_t pieces_sent() const noexcept;

  /// When `flush` has something to do.
  [[nodiscard]] SteadyTime deadline() const noexcept;

 private:
  [[nodiscard]] std::chrono::microseconds coalesce_wait(const Topic& topic) const noexcept;
  void send_pending(Topic& topic, const Now& now);
  void send_group(Topic& topic, Piece* first, Piece* last, const Now& now);

  std::uint64_t epoch_;
  std::chrono::microseconds coalesce_max_;
  Counters& counters_;
  std::vector<MessageSink*> sinks_;
  std::vector<Topic*> waiting_;  // topics with pending pieces
  std::uint64_t pieces_accepted_ = 0;
};

}  // namespace zevi::broker

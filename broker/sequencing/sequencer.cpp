#include "sequencer.hpp"

#include <algorithm>

#include "join.hpp"
#include "split.hpp"
#include "zevi/limits.hpp"

namespace zevi::broker {

namespace {

constexpr std::uint64_t calm_pieces_per_second = 200;
/// At this rate of batches the wait is the longest.
constexpr std::uint64_t busy_pieces_per_second = 10'000;

}  // namespace

void Sequencer::accept(Topic& topic, Piece&& piece, const Now& now) {
  if (piece.body.size() > limits::message_bytes_max && piece.n > 1) {
    for (Piece& part : split(piece)) accept(topic, std::move(part), now);
    return;
  }
  const bool is_small = piece.body.size() < join_piece_bytes_max;
  if (is_small) topic.rate.count(piece.publisher->id, now.steady);
  topic.next_q += piece.n;
  ++pieces_accepted_;
  if (topic.pending.empty()) {
    waiting_.push_back(&topic);
    topic.first_pending = pieces_accepted_;
    topic.pending_until = now.steady + (is_small ? coalesce_wait(topic) : std::chrono::microseconds(0));
  }
  topic.pending.push_back(std::move(piece));
}

std::chrono::microseconds Sequencer::coalesce_wait(const Topic& topic) const noexcept {
  const std::uint64_t rate = std::min(topic.rate.per_second(), busy_pieces_per_second);
  if (rate <= calm_pieces_per_second) return std::chrono::microseconds(0);
  const auto share = static_cast<std::int64_t>(rate - calm_pieces_per_second);
  return coalesce_max_ * share / static_cast<std::int64_t>(busy_pieces_per_second - calm_pieces_per_second);
}

void Sequencer::flush(const Now& now) {
  std::erase_if(waiting_, [&](Topic* topic) {
    if (topic->pending_until > now.steady) return false;
    send_pending(*topic, now);
    return true;
  });
}

void Sequencer::flush_all(const Now& now) {
  for (Topic* const topic : waiting_) send_pending(*topic, now);
  waiting_.clear();
}

SteadyTime Sequencer::deadline() const noexcept {
  SteadyTime first = SteadyTime::max();
  for (const Topic* const topic : waiting_) first = std::min(first, topic->pending_until);
  return first;
}

std::uint64_t Sequencer::pieces_sent() const noexcept {
  std::uint64_t sent = pieces_accepted_;
  for (const Topic* const topic : waiting_) sent = std::min(sent, topic->first_pending - 1);
  return sent;
}

void Sequencer::send_pending(Topic& topic, const Now& now) {
  Piece* at = topic.pending.data();
  Piece* const end = at + topic.pending.size();
  while (at != end) {
    Piece* const group_end = end_of_group(at, end);
    send_group(topic, at, group_end, now);
    at = group_end;
  }
  topic.pending.clear();
}

void Sequencer::send_group(Topic& topic, Piece* first, Piece* last, const Now& now) {
  const bool is_joined = last - first > 1;
  zmq::message_t joined;
  SequencedMessage message(topic, is_joined ? joined : first->body, is_joined);
  wire::StreamHeader& header = message.header;
  header.b = epoch_;
  header.q = topic.unsent_q;
  header.at = now.realtime_ns;
  header.l = topic.lost_before;
  for (const Piece* piece = first; piece != last; ++piece) {
    header.n += piece->n;
    add_to_runs(header.r, *piece);
  }
  if (is_joined) {
    joined = join_bodies(first, last, header.n);
    counters_.add(Counter::stream_joined, static_cast<std::uint64_t>(last - first));
  }
  topic.unsent_q += header.n;
  for (MessageSink* const sink : sinks_) sink->take(message);
}

}  // namespace zevi::broker

#include "flusher.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "record.hpp"
#include "zevi/limits.hpp"
#include "zevi/wire/broker_messages.hpp"
#include "zevi/wire/publisher_messages.hpp"

namespace zevi::shim {

namespace {

/// After so long without an acknowledgement we ask the broker by a hello what it has.
constexpr std::chrono::seconds progress_patience{5};

/// The counts of one beat: a control frame takes 16 KiB, a topic and its count up to 139 bytes.
constexpr std::size_t drops_in_frame_max = 100;

/// So that a broker that never stops talking does not keep us from the rings.
constexpr int messages_at_once = 1000;

/// A broker may ask for a smaller window than ours, but not for one that no batch fits into.
constexpr std::uint64_t window_bytes_min = 2 * limits::batch_bytes_max;

std::string_view view(const zmq::message_t& frame) {
  return {static_cast<const char*>(frame.data()), frame.size()};
}

std::uint64_t reached(const wire::Ack& acked, wire::AckLevel level) noexcept {
  switch (level) {
    case wire::AckLevel::memory:
      return acked.memory;
    case wire::AckLevel::written:
      return acked.written;
    case wire::AckLevel::synced:
      return acked.synced;
  }
  return acked.synced;
}

}  // namespace

Flusher::Flusher(const FlusherParts& parts, void* zmq_context, Address address)
    : parts_(parts),
      batches_(parts.topics, window_, parts.options.origin),
      link_(zmq_context, std::move(address)),
      window_bytes_(parts.options.window_bytes) {}

Flusher::Work Flusher::do_work(Clock::time_point now) {
  converse(now);
  const std::uint64_t newest_request = parts_.flush_requests.newest();
  Work work;
  work.found_events = drain();
  work.is_stuck = is_full();
  batches_.close_all();
  if (!work.is_stuck) {
    remove_ended_lanes();
    note_flush_requests(newest_request);
  }
  send_batches(now);
  if (is_beat_due_) say_beat(now);
  count_window();
  return work;
}

void Flusher::converse(Clock::time_point now) {
  follow_connection(now);
  if (link_.has_input()) read_messages(now);
  fulfil_flush_requests();
  if (greeting_.may_send_events() && window_.first() < next_to_send_ &&
      now - last_progress_ > progress_patience) {
    last_progress_ = now;
    greeting_.start_over(now);
  }
  if (greeting_.is_hello_due(now)) say_hello(now);
  send_batches(now);
  if (is_beat_due_ || now >= next_beat_) say_beat(now);
  parts_.counters.connected.store(greeting_.may_send_events(), std::memory_order_relaxed);
}

bool Flusher::has_events() {
  if (parts_.lanes.has_new()) return true;
  return std::any_of(sources_.begin(), sources_.end(), [](const Source& source) {
    Ring<>* const ring = source.lane->ring();
    return ring != nullptr && ring->refresh();
  });
}

Flusher::Clock::time_point Flusher::next_deadline() const noexcept {
  return std::min({next_beat_, greeting_.due(), link_.next_attempt()});
}

void Flusher::say_bye() {
  if (!greeting_.may_send_events()) return;
  for (Source& source : sources_) number_all_drops(source);
  send_drops();
  frame_.clear();
  wire::encode(wire::Bye{never_sent_ - 1, {}}, frame_);
  static_cast<void>(link_.send(frame_));
}

void Flusher::adopt_lanes() {
  if (!parts_.lanes.has_new()) return;
  for (Lane* lane : parts_.lanes.list()) {
    const bool is_known = std::any_of(sources_.begin(), sources_.end(),
                                      [lane](const Source& source) { return source.lane == lane; });
    if (!is_known) sources_.push_back({lane});
  }
}

bool Flusher::drain() {
  adopt_lanes();
  bool found = false;
  for (std::size_t i = 0; i < sources_.size() && !is_full(); ++i) {
    if (first_source_ >= sources_.size()) first_source_ = 0;
    found |= drain(sources_[first_source_]);
    if (!is_full()) ++first_source_;
  }
  return found;
}

bool Flusher::drain(Source& source) {
  Ring<>* const ring = source.lane->ring();
  if (ring == nullptr || !ring->refresh()) return false;
  while (const std::uint8_t* record = ring->front()) {
    if (is_full()) break;
    take_in(source, record);
    RecordHead head;
    std::memcpy(&head, record, sizeof head);
    ring->pop(sizeof head + head.entry_offset + head.entry_bytes);
  }
  ring->release();
  return true;
}

void Flusher::take_in(Source& source, const std::uint8_t* record) {
  RecordHead head;
  std::memcpy(&head, record, sizeof head);
  number_drops(source, head.topic, head.dropped);
  const auto* const entry = reinterpret_cast<const char*>(record + sizeof head + head.entry_offset);
  batches_.append(head.topic, {entry, head.entry_bytes});
}

void Flusher::number_drops(Source& source, std::size_t topic, std::uint64_t dropped) {
  // Without drops, which is nearly always, there is nothing to look up.
  if (dropped == 0) return;
  std::vector<std::uint64_t>& numbered_of = source.lane->counts().dropped_numbered;
  if (topic >= numbered_of.size()) numbered_of.resize(topic + 1);
  std::uint64_t& numbered = numbered_of[topic];
  // A beat may have numbered later drops already, which this event's record does not know of.
  if (dropped <= numbered) return;
  batches_.append_drops(topic, dropped - numbered);
  source.dropped_numbered += dropped - numbered;
  numbered = dropped;
}

void Flusher::number_all_drops(Source& source) {
  if (source.lane->dropped() == source.dropped_numbered) return;
  for (std::size_t topic = 0; topic < limits::publisher_topics_max; ++topic) {
    number_drops(source, topic, source.lane->dropped(topic));
  }
}

void Flusher::remove_ended_lanes() {
  for (std::size_t i = 0; i < sources_.size();) {
    Source& source = sources_[i];
    // In this order: what the thread did before it ended is there to be seen when its end is.
    const bool has_ended = source.lane->has_ended();
    Ring<>* const ring = source.lane->ring();
    if (!has_ended || (ring != nullptr && ring->refresh())) {
      ++i;
      continue;
    }
    number_all_drops(source);
    parts_.lanes.remove(*source.lane);
    sources_.erase(sources_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

bool Flusher::is_full() const noexcept {
  return window_.bytes() + batches_.open_bytes() >= window_bytes_;
}

void Flusher::note_flush_requests(std::uint64_t newest) {
  if (newest == flush_noted_) return;
  flush_noted_ = newest;
  waiting_flushes_.push_back({newest, window_.next() - 1});
  fulfil_flush_requests();
  // The broker answers a beat by an acknowledgement at once, instead of at its leisure.
  if (!waiting_flushes_.empty()) is_beat_due_ = true;
}

void Flusher::fulfil_flush_requests() {
  while (!waiting_flushes_.empty() && waiting_flushes_.front().last_batch < window_.first()) {
    parts_.flush_requests.fulfil(waiting_flushes_.front().request);
    waiting_flushes_.pop_front();
  }
}

void Flusher::read_messages(Clock::time_point now) {
  zmq::message_t frame;
  for (int i = 0; i < messages_at_once && link_.receive(frame); ++i) read(view(frame), now);
}

void Flusher::read(std::string_view frame, Clock::time_point now) {
  wire::Kind kind{};
  if (wire::decode_kind(frame, kind) != wire::DecodeError::none) return;
  switch (kind) {
    case wire::Kind::welcome:
      return on_welcome(frame, now);
    case wire::Kind::interest:
      return on_interest(frame);
    case wire::Kind::ack:
      return on_ack(frame, now);
    case wire::Kind::reject:
      return on_reject(frame, now);
    case wire::Kind::who:
      return greeting_.start_over(now);
    default:
      return;
  }
}

void Flusher::on_welcome(std::string_view frame, Clock::time_point now) {
  wire::Welcome welcome;
  if (wire::decode(frame, welcome) != wire::DecodeError::none) return;
  if (welcome.version < wire::version_min || welcome.version > wire::version_max) return;
  if (!greeting_.welcomed()) return;
  if (welcome.id != broker_id_) {
    // Another broker: nothing that the last one said about interest and acknowledgements is true of it.
    broker_id_ = welcome.id;
    interest_generation_ = 0;
    acked_ = wire::Ack{};
    pace_ = std::chrono::microseconds(0);
    parts_.topics.apply(Interest());
  }
  window_bytes_ =
      std::clamp<std::uint64_t>(welcome.window_bytes, window_bytes_min, parts_.options.window_bytes);
  levels_ = AckLevels(welcome.levels);
  batches_.report_all_drops();
  next_to_send_ = window_.first();
  last_progress_ = now;
  is_beat_due_ = true;
}

void Flusher::on_interest(std::string_view frame) {
  wire::Interest message;
  if (wire::decode(frame, message) != wire::DecodeError::none) return;
  if (message.g == interest_generation_) return;
  parts_.topics.apply(Interest(message));
  // Only now, with every topic's flag set, may the broker be told.
  interest_generation_ = message.g;
  is_beat_due_ = true;
}

void Flusher::on_ack(std::string_view frame, Clock::time_point now) {
  wire::Ack ack;
  if (wire::decode(frame, ack) != wire::DecodeError::none) return;
  // A broker cannot have more than it was sent.
  const std::uint64_t sent = never_sent_ - 1;
  acked_.memory = std::min(std::max(acked_.memory, ack.memory), sent);
  acked_.written = std::min(std::max(acked_.written, ack.written), sent);
  acked_.synced = std::min(std::max(acked_.synced, ack.synced), sent);
  pace_ = std::min<std::chrono::microseconds>(
      std::chrono::microseconds(std::min<std::uint64_t>(ack.pace_us, 1'000'000)), limits::pace_max);
  release_acknowledged(now);
}

void Flusher::on_reject(std::string_view frame, Clock::time_point now) {
  wire::Reject reject;
  if (wire::decode(frame, reject) != wire::DecodeError::none) return;
  if (reject.s == 0) return greeting_.refused(now);
  if (reject.s < window_.first() || reject.s >= never_sent_) return;
  window_.at(reject.s).was_rejected = true;
  release_acknowledged(now);
}

void Flusher::release_acknowledged(Clock::time_point now) {
  while (window_.first() < never_sent_) {
    const Batch& oldest = window_.at(window_.first());
    const wire::AckLevel level = levels_.of(parts_.topics.at(oldest.topic).name);
    if (!oldest.was_rejected && reached(acked_, level) < window_.first()) break;
    const Batch released = window_.pop();
    count_answer(parts_.counters, released.topic, released.was_rejected, released.events);
    last_progress_ = now;
  }
  next_to_send_ = std::max(next_to_send_, window_.first());
  count_window();
}

void Flusher::count_window() noexcept {
  parts_.counters.window_batches.store(window_.next() - window_.first(), std::memory_order_relaxed);
  parts_.counters.window_bytes.store(window_.bytes(), std::memory_order_relaxed);
}

void Flusher::follow_connection(Clock::time_point now) {
  switch (link_.look(now)) {
    case Link::Change::none:
      break;
    case Link::Change::connected:
      greeting_.connected(now);
      break;
    case Link::Change::disconnected:
      greeting_.disconnected();
      break;
  }
  link_.keep_connecting(now);
}

void Flusher::say_hello(Clock::time_point now) {
  wire::Hello hello;
  hello.src = parts_.options.name;
  hello.pid = static_cast<std::uint64_t>(getpid());
  hello.host = parts_.options.host;
  hello.id = parts_.id;
  hello.s = window_.first();
  // The generation is one of the broker that we last talked to, and this may be another: it shall say it
  // again.
  hello.g = 0;
  frame_.clear();
  wire::encode(hello, frame_);
  // If it cannot be sent the connection is gone, and the next one begins with a hello anyway.
  static_cast<void>(link_.send(frame_));
  greeting_.hello_sent(now);
}

void Flusher::send_batches(Clock::time_point now) {
  if (!greeting_.may_send_events()) return;
  if (next_to_send_ == window_.first()) last_progress_ = now;
  while (next_to_send_ < window_.next()) {
    Batch& batch = window_.at(next_to_send_);
    if (!link_.send(batch)) return;
    if (next_to_send_ == never_sent_) {
      ++never_sent_;
      add(parts_.counters.sent, batch.events);
    } else {
      add(parts_.counters.resent, batch.events);
    }
    ++next_to_send_;
  }
}

void Flusher::say_beat(Clock::time_point now) {
  next_beat_ = now + limits::beat_interval;
  if (!greeting_.may_send_events()) return;
  is_beat_due_ = false;
  for (Source& source : sources_) number_all_drops(source);
  send_drops();
}

void Flusher::send_drops() {
  wire::Beat beat;
  beat.g = interest_generation_;
  // Drops are told in the order of their numbers: behind the events that came before them.
  std::vector<wire::TopicCount> drops;
  if (next_to_send_ == window_.next()) drops = batches_.changed_drops();
  std::size_t told = 0;
  do {
    const std::size_t count = std::min(drops_in_frame_max, drops.size() - told);
    const auto from = drops.begin() + static_cast<std::ptrdiff_t>(told);
    beat.d.assign(from, from + static_cast<std::ptrdiff_t>(count));
    told += count;
    frame_.clear();
    wire::encode(beat, frame_);
    if (!link_.send(frame_)) return;
  } while (told < drops.size());
}

}  // namespace zevi::shim

#include "catch_up.hpp"

#include <algorithm>
#include <utility>

#include "zevi/limits.hpp"

namespace zevi::subscriber {

namespace {

using std::chrono::seconds;

/// A broker that is there answers at once, however long the answer then is.
constexpr seconds answer_takes{2};
/// How long one goes on asking: for what was asked for at the start, for where now is, for what is missing.
/// A broker that stands still for a while sends nothing live either, so that waiting for it costs little.
constexpr seconds asks_for_history{30};
constexpr seconds asks_for_now{2};
constexpr seconds asks_for_repair{120};
/// Of who refuses, or is not there.
constexpr seconds asks_in_vain{10};
/// After that, what is missing is told at once for a while.
constexpr seconds no_repair{10};

/// 0 if it cannot be read.
std::uint64_t epoch_of(const Frames& frames, wire::StreamHeader& header) {
  return wire::decode(text_of(frames[1]), header) == wire::DecodeError::none ? header.b : 0;
}

}  // namespace

CatchUp::CatchUp(Delivery& delivery, ReplayLine& line, Beginning beginning, std::size_t held_bytes_max)
    : delivery_(delivery),
      line_(line),
      beginning_(std::move(beginning)),
      topics_(delivery.filters().texts()),
      held_(held_bytes_max) {}

bool CatchUp::needs_history() const noexcept {
  return !has_caught_up_ && (!beginning_.is_now() || delivery_.ledger().epoch() != 0);
}

Clock::duration CatchUp::patience_now() const noexcept {
  if (has_caught_up_) return asks_for_repair;
  return needs_history() ? asks_for_history : asks_for_now;
}

// The connection

void CatchUp::lose_connection() noexcept {
  line_.hang_up();
  is_line_open_ = false;
  state_ = State::waiting_for_barrier;
}

void CatchUp::go(std::uint64_t epoch, Clock::time_point now) {
  stream_epoch_ = epoch;
  patience_.renew();
  held_.draw_line();
  open(now);
}

// Questions

void CatchUp::open(Clock::time_point now) {
  line_.hang_up();
  is_line_open_ = false;
  ended_.reset();
  Question question;
  question.topics = topics_;
  question.last = 0;
  question.epoch = delivery_.ledger().epoch();
  ask(Purpose::open, std::move(question), now);
}

void CatchUp::ask(Purpose purpose, Question question, Clock::time_point now) {
  purpose_ = purpose;
  question_ = std::move(question);
  send(now);
}

void CatchUp::send(Clock::time_point now) {
  state_ = State::asking;
  deadline_ = now + answer_takes;
  stored_ = 0;
  if (line_.ask(encode(question_, ++number_))) return;
  // Whoever only wants to know where now is does not wait for a broker that has no history.
  const bool gives_up_at_once = !has_caught_up_ && !needs_history();
  if (gives_up_at_once) return retry_for(Clock::duration{}, "there is no endpoint for it", now);
  fail("there is no endpoint for it", now);
}

void CatchUp::ask_behind_positions(Clock::time_point now) {
  Question question;
  question.topics = topics_;
  question.from = delivery_.ledger().positions();
  question.epoch = stream_epoch_;
  ask(Purpose::catch_up, std::move(question), now);
}

void CatchUp::repair(Clock::time_point now) {
  if (!is_line_open_) return open(now);
  const auto& [topic, missing] = delivery_.hole();
  Question question;
  question.topics = {topic};
  question.from.emplace().emplace(topic, missing.from);
  question.to.emplace(topic, missing.to);
  question.epoch = stream_epoch_;
  ask(Purpose::repair, std::move(question), now);
}

// Answers

bool CatchUp::step(Clock::time_point now) {
  while (state_ == State::asking && line_.receive(part_)) {
    const std::string_view head = text_of(part_.front());
    wire::Kind kind = wire::Kind::unknown;
    if (wire::decode_kind(head, kind) != wire::DecodeError::none) continue;
    if (kind == wire::Kind::stored && part_.size() == 4) {
      wire::StoredHead stored;
      if (wire::decode(head, stored) != wire::DecodeError::none || stored.i != number_) continue;
      deadline_ = now + answer_takes;
      ++stored_;
      delivery_.take_stored({std::move(part_[1]), std::move(part_[2]), std::move(part_[3])}, now);
      return true;
    }
    if (kind == wire::Kind::end && part_.size() == 1) {
      wire::ReplayEnd end;
      if (wire::decode(head, end) != wire::DecodeError::none || end.i != number_) continue;
      take_end(end, now);
      return true;
    }
  }
  return false;
}

void CatchUp::take_end(const wire::ReplayEnd& end, Clock::time_point now) {
  if (!end.reason.empty()) return fail(end.reason, now);
  if (end.b != stream_epoch_) return fail("it is of another broker than the events", now);
  if (purpose_ == Purpose::open) return take_opening(end, now);
  if (end.more) {
    if (stored_ == 0) return fail("its answer does not go on", now);
    std::map<std::string, std::uint64_t> next;
    for (const auto& [topic, q] : end.next) next.emplace(topic, q);
    question_.from = std::move(next);
    question_.since_ns.reset();
    question_.epoch = end.b;
    return send(now);
  }
  delivery_.catch_up_to(delivery_.ledger().epoch(), end.next);
  if (purpose_ == Purpose::end_epoch) {
    state_ = State::leaving_epoch;
  } else {
    is_hole_final_ = purpose_ == Purpose::repair;
    finish();
  }
}

void CatchUp::take_opening(const wire::ReplayEnd& end, Clock::time_point now) {
  is_line_open_ = true;
  const std::uint64_t epoch = delivery_.ledger().epoch();
  if (epoch == 0 || epoch == end.b) return begin(end, now);
  left_epoch_ = epoch;
  has_begun_ = true;
  goes_by_positions_ = true;
  if (end.ended) {
    ended_.emplace();
    for (const auto& [topic, q] : *end.ended) ended_->emplace(topic, q);
  }
  end_epoch(now);
}

/// Before what was held of the epoch before is delivered, what comes before it is fetched, if the broker has
/// kept it.
void CatchUp::end_epoch(Clock::time_point now) {
  state_ = State::leaving_epoch;
  if (!ended_) return;
  Question question;
  question.from.emplace();
  question.epoch = stream_epoch_;
  const std::map<std::string, std::uint64_t> here = delivery_.ledger().positions();
  for (const Frames& frames : held_) {
    const std::string topic(text_of(frames[0]));
    const auto position = here.find(topic);
    const auto end = ended_->find(topic);
    if (position == here.end() || end == ended_->end() || position->second > end->second) continue;
    if (question.topics.size() == limits::replay_filters_max) break;
    if (!question.to.emplace(topic, end->second).second) continue;
    question.from->emplace(topic, position->second);
    question.topics.push_back(topic);
  }
  if (!question.topics.empty()) ask(Purpose::end_epoch, std::move(question), now);
}

/// False when nothing is held of the epoch before any longer.
bool CatchUp::take_of_epoch_before(Clock::time_point now) {
  wire::StreamHeader header;
  while (!held_.empty()) {
    const std::uint64_t epoch = epoch_of(held_.front(), header);
    if (epoch == stream_epoch_) return false;
    if (epoch == delivery_.ledger().epoch()) {
      Frames frames = held_.pop_front();
      static_cast<void>(delivery_.take_live(frames, now, false));
    } else {
      // Of a broker that came and went between.
      delivery_.accept(held_.pop_front(), now);
      ended_.reset();
    }
    return true;
  }
  return false;
}

void CatchUp::leave_epoch(Clock::time_point now) {
  if (left_epoch_ == 0) return go_on_without_history();
  // If another broker came and went meanwhile, that is not the epoch that was asked about.
  if (delivery_.ledger().epoch() != left_epoch_) return open(now);
  delivery_.change_epoch(stream_epoch_, ended_ ? &*ended_ : nullptr);
  ask_behind_positions(now);
}

void CatchUp::begin(const wire::ReplayEnd& end, Clock::time_point now) {
  const bool has_positions = delivery_.ledger().epoch() != 0;
  if (!has_begun_) goes_by_positions_ = has_positions;
  // A time says more than the positions as long as not every topic has one; what was here comes again.
  const bool is_since = beginning_.since_ns && !goes_by_positions_ && !has_caught_up_;
  if (has_positions && !is_since) {
    has_begun_ = true;
    return ask_behind_positions(now);
  }
  delivery_.accept_epoch(end.b);
  if (beginning_.is_now()) {
    begin_now(end);
    return finish();
  }
  has_begun_ = true;
  Question question;
  question.topics = topics_;
  if (beginning_.last) {
    // The broker would send whole messages; only the numbers say where to cut the first.
    question.from.emplace();
    question.epoch = end.b;
    for (const auto& [topic, q] : end.next) {
      const std::uint64_t first = q - std::min(*beginning_.last, q - 1);
      delivery_.ledger().topic(topic).begin_at_or_behind(end.b, first);
      question.from->emplace(topic, first);
    }
  } else if (!beginning_.numbers.empty()) {
    question.from = beginning_.numbers;
    question.epoch = end.b;
    for (const auto& [topic, q] : beginning_.numbers) delivery_.ledger().topic(topic).begin(end.b, q);
  } else if (beginning_.since_ns) {
    question.since_ns = beginning_.since_ns;
  }
  ask(Purpose::catch_up, std::move(question), now);
}

/// What was held came when the subscriptions were live, but before the broker was asked: it is wanted.
void CatchUp::begin_now(const wire::ReplayEnd& end) {
  std::map<std::string, std::uint64_t, std::less<>> first_held;
  wire::StreamHeader header;
  for (const Frames& frames : held_) {
    if (epoch_of(frames, header) == end.b) first_held.try_emplace(std::string(text_of(frames[0])), header.q);
  }
  for (const auto& [topic, q] : end.next) {
    if (!delivery_.filters().match(topic)) continue;
    const auto held = first_held.find(topic);
    delivery_.ledger().topic(topic).begin(end.b, held == first_held.end() ? q : std::min(q, held->second));
  }
}

void CatchUp::finish() {
  has_begun_ = true;
  has_caught_up_ = true;
  delivery_.ledger().knows_all_topics(true);
  patience_.renew();
  if (purpose_ != Purpose::repair) tail_check_.done();
  state_ = State::live;
}

// When nobody answers

void CatchUp::fail(std::string_view reason, Clock::time_point now) {
  retry_for(has_caught_up_ ? asks_in_vain : patience_now(), reason, now);
}

void CatchUp::retry_for(Clock::duration longest, std::string_view reason, Clock::time_point now) {
  line_.hang_up();
  is_line_open_ = false;
  if (!patience_.goes_on(now, longest)) return give_up(reason, now);
  state_ = State::pausing;
}

void CatchUp::give_up(std::string_view reason, Clock::time_point now) {
  if (needs_history()) delivery_.tell_history_missing(std::string(reason));
  no_repair_until_ = now + no_repair;
  patience_.renew();
  has_begun_ = true;
  const std::uint64_t epoch = delivery_.ledger().epoch();
  if (epoch != 0 && epoch != stream_epoch_) {
    left_epoch_ = 0;
    state_ = State::leaving_epoch;
    return;
  }
  go_on_without_history();
}

/// Where the topics of a new epoch stand is not known; the first of each is taken as it is.
void CatchUp::go_on_without_history() {
  if (delivery_.ledger().epoch() != stream_epoch_) {
    delivery_.accept_epoch(stream_epoch_);
    delivery_.ledger().knows_all_topics(false);
  }
  has_caught_up_ = true;
  state_ = State::live;
}

void CatchUp::look(Clock::time_point now) {
  switch (state_) {
    case State::asking:
      if (now >= deadline_) retry_for(patience_now(), "there was no answer", now);
      break;
    case State::pausing:
      if (now >= patience_.due()) open(now);
      break;
    case State::live:
      if (held_.empty() && now >= check_due()) {
        tail_check_.done();
        is_line_open_ ? ask_behind_positions(now) : open(now);
      }
      break;
    case State::waiting_for_barrier:
    case State::leaving_epoch:
      break;
  }
}

Clock::time_point CatchUp::check_due() const noexcept {
  return std::max(tail_check_.due(), no_repair_until_);
}

Clock::time_point CatchUp::due() const noexcept {
  switch (state_) {
    case State::asking:
      return deadline_;
    case State::pausing:
      return patience_.due();
    case State::live:
      return check_due();
    case State::waiting_for_barrier:
    case State::leaving_epoch:
      break;
  }
  return Clock::time_point::max();
}

// Live messages

void CatchUp::take(Frames&& frames, Clock::time_point now) {
  if (is_live()) return deliver(std::move(frames), false, now);
  // Only a barrier ends this wait, and it stands behind what has to be read; the newest is dropped.
  if (state_ == State::waiting_for_barrier && held_.is_full()) return;
  held_.push_back(std::move(frames));
}

bool CatchUp::take_held(Clock::time_point now) {
  if (state_ == State::leaving_epoch) {
    if (!take_of_epoch_before(now)) leave_epoch(now);
    return true;
  }
  if (state_ != State::live || held_.empty()) return false;
  const bool is_from_before = held_.is_front_from_before();
  deliver(held_.pop_front(), is_from_before, now);
  return true;
}

void CatchUp::deliver(Frames&& frames, bool is_from_before, Clock::time_point now) {
  tail_check_.note(now);
  const bool may_repair = now >= no_repair_until_ && !is_hole_final_;
  is_hole_final_ = false;
  switch (delivery_.take_live(frames, now, may_repair)) {
    case Delivery::Taken::yes:
      return;
    case Delivery::Taken::behind_gap:
      held_.push_front(std::move(frames), is_from_before);
      return repair(now);
    case Delivery::Taken::of_other_epoch:
      break;
  }
  // What stood before the answer of a barrier is of a broker that is gone, what stands behind it of a newer.
  if (is_from_before) return delivery_.take_late(std::move(frames), now);
  held_.push_front(std::move(frames), false);
  lose_connection();
}

}  // namespace zevi::subscriber

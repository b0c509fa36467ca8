#include "zevi/subscriber.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "beginning.hpp"
#include "catch_up.hpp"
#include "connection.hpp"
#include "cursor_keeper.hpp"
#include "delivery.hpp"
#include "held_messages.hpp"
#include "loss_report.hpp"
#include "replay_socket.hpp"
#include "subscription.hpp"
#include "topic_filters.hpp"

namespace zevi {

using subscriber::CatchUp;
using subscriber::Clock;
using subscriber::Connection;
using subscriber::CursorKeeper;
using subscriber::Delivery;
using subscriber::Frames;
using subscriber::HeldMessages;
using subscriber::LossReport;
using subscriber::Position;
using subscriber::ReplaySocket;
using subscriber::Subscription;
using subscriber::TopicFilters;

namespace {

// How often a busy subscriber looks at its deadline and its wake descriptor, in messages.
constexpr std::uint32_t look_up_from_work = 64;

constexpr const char* no_cursor = "there is no cursor to confirm to: give the option cursor";

bool is_answer(const Frames& frames) noexcept {
  return subscriber::text_of(frames[0]).starts_with(ready_topic_prefix);
}

Clock::time_point deadline_after(std::chrono::milliseconds timeout) {
  const Clock::time_point now = Clock::now();
  const auto longest = std::chrono::floor<std::chrono::milliseconds>(Clock::time_point::max() - now);
  return now + std::clamp(timeout, std::chrono::milliseconds(0), longest);
}

}  // namespace

/// Joins the sockets, the barrier, the history and the delivery; everything happens in the caller's thread.
class Subscriber::Implementation {
 public:
  explicit Implementation(const SubscriberOptions& options);
  ~Implementation();
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  std::optional<std::uint64_t> wait_ready(Clock::time_point deadline);

  /// The next of the message that is being read out, null behind its last.
  const Message* next_of_message() { return delivery_.next(); }
  enum class Wake : std::uint8_t { by_signals, by_descriptor_alone };
  const Message* next(std::optional<Clock::time_point> deadline, Wake wake);

  void confirm();
  std::shared_ptr<const Position> place() const;
  void confirm(const Position& position);
  bool at_end() const noexcept { return !follows_ && catch_up_ && catch_up_->has_caught_up(); }

  bool connected() {
    note_connection();
    return subscription_.connection().connected();
  }
  const std::string& endpoint() const noexcept { return subscription_.connection().endpoint(); }
  const SubscriberStatistics& statistics() const noexcept { return delivery_.statistics(); }

 private:
  void repeat_question();
  bool take_message();
  bool take_of_history(Clock::time_point now);
  bool receive_into_hold();
  void hold(Frames&& frames);
  void take(Frames&& frames);
  void take_answer(const Frames& frames);
  std::optional<wire::Ready> note_answer(const Frames& frames);
  void note_connection();
  bool is_ready() const noexcept {
    return subscription_.unconfirmed() && (!catch_up_ || catch_up_->has_begun());
  }
  bool is_time_to_stop(std::optional<Clock::time_point> deadline);
  void look(Clock::time_point now);
  Connection::Woken wait(std::optional<Clock::time_point> deadline);

  const TopicFilters filters_;
  const bool follows_;
  Subscription subscription_;
  LossReport loss_report_;
  Delivery delivery_;

  // Both or neither.
  std::optional<ReplaySocket> replay_;
  std::optional<CatchUp> catch_up_;

  std::optional<CursorKeeper> cursor_;

  // What arrived while waiting for the barrier, without a history.
  HeldMessages held_;
  std::uint32_t taken_ = 0;
};

Subscriber::Implementation::Implementation(const SubscriberOptions& options)
    : filters_(options.topics),
      follows_(options.follow),
      subscription_(options, filters_),
      loss_report_(subscription_.connection().context(), options),
      delivery_(options.feed, filters_),
      held_(options.budget_bytes) {
  delivery_.report_gaps_to([this](const Gap& gap) { loss_report_.tell(gap); });
  if (subscriber::uses_history(options)) {
    replay_.emplace(subscription_.connection().context(), options);
    catch_up_.emplace(delivery_, *replay_, subscriber::beginning_of(options), options.budget_bytes);
  }
  if (!options.cursor.empty()) cursor_.emplace(options.cursor, options.confirm, delivery_);
}

Subscriber::Implementation::~Implementation() {
  if (cursor_ && catch_up_->has_begun()) cursor_->close();
}

void Subscriber::Implementation::note_connection() {
  if (subscription_.note_connection() && catch_up_) catch_up_->lose_connection();
}

/// What the broker says if the message answers one of our questions.
std::optional<wire::Ready> Subscriber::Implementation::note_answer(const Frames& frames) {
  auto ready = subscription_.take_answer(frames);
  delivery_.note_silent_routes(subscription_.silent_routes());
  return ready;
}

void Subscriber::Implementation::repeat_question() {
  subscription_.repeat_question();
  delivery_.note_silent_routes(subscription_.silent_routes());
  if (catch_up_ && subscription_.unconfirmed()) catch_up_->go(subscription_.epoch(), Clock::now());
}

void Subscriber::Implementation::take_answer(const Frames& frames) {
  // It may come over a connection of which nothing is known yet.
  if (catch_up_) note_connection();
  const auto ready = note_answer(frames);
  if (!ready) {
    delivery_.count_malformed();
  } else if (catch_up_) {
    if (subscription_.unconfirmed()) catch_up_->go(subscription_.epoch(), Clock::now());
  } else if (!ready->route) {
    delivery_.accept_epoch(ready->b);
  }
}

void Subscriber::Implementation::take(Frames&& frames) {
  if (is_answer(frames)) {
    take_answer(frames);
  } else if (catch_up_) {
    catch_up_->take(std::move(frames), Clock::now());
  } else {
    delivery_.accept(std::move(frames), Clock::now());
  }
}

/// False if nothing was there.
bool Subscriber::Implementation::take_of_history(Clock::time_point now) {
  const bool had_caught_up = catch_up_->has_caught_up();
  const bool has_taken = catch_up_->step(now) || catch_up_->take_held(now);
  if (cursor_ && !had_caught_up && catch_up_->has_caught_up()) cursor_->note_beginning();
  return has_taken;
}

/// False if nothing was there.
bool Subscriber::Implementation::take_message() {
  if (catch_up_ && !catch_up_->is_live()) {
    if (take_of_history(Clock::now())) return true;
    if (!catch_up_->wants_live()) return false;
  }
  if (!held_.empty()) {
    take(held_.pop_front());
    return true;
  }
  Frames frames;
  switch (subscription_.connection().receive(frames)) {
    case Connection::Received::nothing:
      return false;
    case Connection::Received::malformed:
      delivery_.count_malformed();
      return true;
    case Connection::Received::message:
      take(std::move(frames));
      return true;
  }
  return false;
}

/// What may have to be done though nothing arrives, or though something arrives all the time.
void Subscriber::Implementation::look(Clock::time_point now) {
  if (catch_up_) {
    catch_up_->look(now);
    if (catch_up_->waits_for_barrier() && subscription_.is_time_to_ask_again(now)) repeat_question();
  }
  if (cursor_ && catch_up_->has_begun()) cursor_->save_if_due(now);
}

/// Without a look now and then, a stream that never pauses would hold the caller beyond its deadline.
bool Subscriber::Implementation::is_time_to_stop(std::optional<Clock::time_point> deadline) {
  if (++taken_ % look_up_from_work != 0) return false;
  const Clock::time_point now = Clock::now();
  if (delivery_.is_read_out()) look(now);
  return (deadline && now >= *deadline) || subscription_.connection().is_woken();
}

Connection::Woken Subscriber::Implementation::wait(std::optional<Clock::time_point> deadline) {
  Clock::time_point until = deadline.value_or(Clock::time_point::max());
  if (catch_up_) {
    until = std::min(until, catch_up_->due());
    if (catch_up_->waits_for_barrier() && subscription_.connection().connected()) {
      until = std::min(until, subscription_.ask_again_at());
    }
  }
  if (cursor_) until = std::min(until, cursor_->due());
  const bool is_for_ever = until == Clock::time_point::max();
  const Connection::Woken woken =
      subscription_.connection().wait(is_for_ever ? std::nullopt : std::optional(until),
                                      {.other_socket = replay_ ? replay_->handle() : nullptr,
                                       .wants_events = !catch_up_ || catch_up_->wants_live()});
  note_connection();
  const bool is_over = deadline && Clock::now() >= *deadline;
  return woken == Connection::Woken::deadline && !is_over ? Connection::Woken::socket : woken;
}

const Message* Subscriber::Implementation::next(std::optional<Clock::time_point> deadline, Wake wake) {
  for (;;) {
    if (const Message* const message = delivery_.next()) return message;
    if (at_end()) return nullptr;
    if (take_message()) {
      if (is_time_to_stop(deadline)) return delivery_.next();
      continue;
    }
    look(Clock::now());
    const Connection::Woken woken = wait(deadline);
    if (woken == Connection::Woken::deadline || woken == Connection::Woken::wake_fd) return nullptr;
    if (woken == Connection::Woken::interrupted && wake == Wake::by_signals) return nullptr;
  }
}

/// Keeps an event for `next`. Beyond the budget the newest are let go, as libzmq would; their numbers then
/// show the gap. The answer is kept too: it tells of an epoch in its place.
void Subscriber::Implementation::hold(Frames&& frames) {
  if (catch_up_) return take(std::move(frames));
  if (is_answer(frames)) {
    static_cast<void>(note_answer(frames));
  } else if (held_.is_full()) {
    return;
  }
  held_.push_back(std::move(frames));
}

/// False if nothing was there.
bool Subscriber::Implementation::receive_into_hold() {
  if (catch_up_ && !catch_up_->has_begun() && take_of_history(Clock::now())) return true;
  if (catch_up_ && !catch_up_->wants_live()) return false;
  Frames frames;
  switch (subscription_.connection().receive(frames)) {
    case Connection::Received::nothing:
      return false;
    case Connection::Received::malformed:
      delivery_.count_malformed();
      return true;
    case Connection::Received::message:
      hold(std::move(frames));
      return true;
  }
  return false;
}

std::optional<std::uint64_t> Subscriber::Implementation::wait_ready(Clock::time_point deadline) {
  note_connection();
  for (;;) {
    while (!is_ready() && receive_into_hold()) {
    }
    const Clock::time_point now = Clock::now();
    if (is_ready()) return subscription_.unconfirmed();
    if (now >= deadline) return std::nullopt;
    if (catch_up_ && !catch_up_->has_begun()) catch_up_->look(now);
    if (!subscription_.unconfirmed() && subscription_.is_time_to_ask_again(now)) repeat_question();
    const Clock::time_point until =
        subscription_.unconfirmed() ? deadline : std::min(deadline, subscription_.ask_again_at());
    if (wait(until) == Connection::Woken::wake_fd) return std::nullopt;
  }
}

void Subscriber::Implementation::confirm() {
  if (!cursor_) throw Error(no_cursor);
  if (catch_up_->has_begun()) cursor_->confirm();  // before, nothing was given
}

std::shared_ptr<const Position> Subscriber::Implementation::place() const {
  if (!catch_up_ || !catch_up_->has_begun()) return nullptr;
  return std::make_shared<const Position>(delivery_.position(Delivery::Upto::last));
}

void Subscriber::Implementation::confirm(const Position& position) {
  if (!cursor_) throw Error(no_cursor);
  cursor_->confirm(position);
}

Subscriber::Subscriber(const SubscriberOptions& options)
    : implementation_(std::make_unique<Implementation>(options)) {}

Subscriber::Subscriber(std::string_view topic)
    : Subscriber(SubscriberOptions{.topics = {std::string(topic)}}) {}

Subscriber::~Subscriber() = default;
Subscriber::Subscriber(Subscriber&&) noexcept = default;
Subscriber& Subscriber::operator=(Subscriber&&) noexcept = default;

std::optional<std::uint64_t> Subscriber::wait_ready(std::chrono::milliseconds timeout) {
  return implementation_->wait_ready(deadline_after(timeout));
}

const Message* Subscriber::next(std::chrono::milliseconds timeout) {
  // Most events come out of a message that is here, and reading the clock would cost as much as they do.
  if (const Message* const message = implementation_->next_of_message()) return message;
  return implementation_->next(deadline_after(timeout), Implementation::Wake::by_signals);
}

const Message* Subscriber::next() {
  return implementation_->next(std::nullopt, Implementation::Wake::by_signals);
}

const Message* Subscriber::next_until_woken() {
  return implementation_->next(std::nullopt, Implementation::Wake::by_descriptor_alone);
}

void Subscriber::confirm() {
  implementation_->confirm();
}

Subscriber::Place Subscriber::place() const {
  Place place;
  place.position_ = implementation_->place();
  return place;
}

void Subscriber::confirm(const Place& place) {
  if (place.position_) implementation_->confirm(*place.position_);
}

std::uint64_t Subscriber::Place::epoch() const noexcept {
  return position_ ? position_->epoch : 0;
}

std::optional<std::uint64_t> Subscriber::Place::next(std::string_view topic) const {
  if (!position_) return std::nullopt;
  const auto found = position_->next.find(std::string(topic));
  if (found != position_->next.end()) return found->second;
  return position_->knows_all ? std::optional<std::uint64_t>(1) : std::nullopt;
}

bool Subscriber::at_end() const noexcept {
  return implementation_->at_end();
}

bool Subscriber::connected() {
  return implementation_->connected();
}

const std::string& Subscriber::endpoint() const noexcept {
  return implementation_->endpoint();
}

SubscriberStatistics Subscriber::statistics() const noexcept {
  return implementation_->statistics();
}

}  // namespace zevi

#include "zevi/subscriber.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "barrier.hpp"
#include "connection.hpp"
#include "delivery.hpp"
#include "topic_filters.hpp"

namespace zevi {

using subscriber::Barrier;
using subscriber::Clock;
using subscriber::Connection;
using subscriber::Delivery;
using subscriber::Frames;
using subscriber::TopicFilters;

namespace {

// The broker answers within 200 ms of having the question; a later answer is more likely lost than late.
constexpr std::chrono::seconds ask_again{1};

// Questions that are open at once; the broker charges every subscription to the peer that made it.
constexpr std::size_t questions_max = 8;

// How often a busy subscriber looks at its deadline and its wake descriptor, in messages.
constexpr std::uint32_t look_up_from_work = 64;

bool is_answer(const Frames& frames) noexcept {
  return subscriber::text_of(frames[0]).starts_with(ready_topic_prefix);
}

Clock::time_point deadline_after(std::chrono::milliseconds timeout) {
  const Clock::time_point now = Clock::now();
  const auto longest = std::chrono::floor<std::chrono::milliseconds>(Clock::time_point::max() - now);
  return now + std::clamp(timeout, std::chrono::milliseconds(0), longest);
}

}  // namespace

/// Joins the socket, the barrier and the delivery; everything happens in the caller's thread.
class Subscriber::Implementation {
 public:
  explicit Implementation(const SubscriberOptions& options);

  std::optional<std::uint64_t> wait_ready(Clock::time_point deadline);

  /// The next of the message that is being read out, null behind its last.
  const Message* next_of_message() { return delivery_.next(); }
  enum class Wake : std::uint8_t { by_signals, by_descriptor_alone };
  const Message* next(std::optional<Clock::time_point> deadline, Wake wake);

  bool connected() {
    note_connection();
    return connection_.connected();
  }
  const std::string& endpoint() const noexcept { return connection_.endpoint(); }
  const SubscriberStatistics& statistics() const noexcept { return delivery_.statistics(); }

 private:
  void ask();
  void repeat_question();
  void drop_old_questions();
  bool take_message();
  void hold_messages();
  void take(Frames&& frames);
  std::optional<wire::Ready> note_answer(const Frames& frames);
  void note_connection();
  bool is_time_to_stop(std::optional<Clock::time_point> deadline);

  const TopicFilters filters_;
  Connection connection_;
  Barrier barrier_;
  Delivery delivery_;

  // What arrived while waiting for the barrier.
  std::deque<Frames> held_;
  std::size_t held_bytes_ = 0;
  const std::size_t held_bytes_max_;
  std::uint32_t taken_ = 0;
  Clock::time_point asked_{};
};

Subscriber::Implementation::Implementation(const SubscriberOptions& options)
    : filters_(options.topics),
      connection_(options),
      delivery_(options.feed, filters_),
      held_bytes_max_(options.budget_bytes) {
  for (const TopicFilter& filter : filters_) connection_.subscribe(filter.prefix());
  ask();
  connection_.open();
}

void Subscriber::Implementation::ask() {
  connection_.subscribe(barrier_.ask());
  asked_ = Clock::now();
}

/// The old question stays subscribed until there is an answer to either, unless there are many.
void Subscriber::Implementation::repeat_question() {
  asked_ = Clock::now();
  if (!connection_.connected()) return;  // the connection will bring the question along
  ask();
  if (barrier_.question_count() > questions_max) drop_old_questions();
}

void Subscriber::Implementation::drop_old_questions() {
  for (const std::string& question : barrier_.take_old_questions()) connection_.unsubscribe(question);
}

void Subscriber::Implementation::note_connection() {
  if (connection_.update()) barrier_.lose();
}

/// What the broker says if the message answers one of our questions.
std::optional<wire::Ready> Subscriber::Implementation::note_answer(const Frames& frames) {
  wire::Ready ready;
  if (wire::decode(subscriber::text_of(frames[2]), ready) != wire::DecodeError::none) return std::nullopt;
  if (!barrier_.answer(subscriber::text_of(frames[0]), ready)) return std::nullopt;
  drop_old_questions();
  return ready;
}

void Subscriber::Implementation::take(Frames&& frames) {
  if (!is_answer(frames)) {
    delivery_.accept(std::move(frames), Clock::now());
  } else if (const auto ready = note_answer(frames)) {
    delivery_.accept_epoch(ready->b);
  } else {
    delivery_.count_malformed();
  }
}

/// False if nothing was there.
bool Subscriber::Implementation::take_message() {
  if (!held_.empty()) {
    Frames frames = std::move(held_.front());
    held_.pop_front();
    take(std::move(frames));
    return true;
  }
  held_bytes_ = 0;
  Frames frames;
  switch (connection_.receive(frames)) {
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

/// Without a look now and then, a stream that never pauses would hold the caller beyond its deadline.
bool Subscriber::Implementation::is_time_to_stop(std::optional<Clock::time_point> deadline) {
  if (++taken_ % look_up_from_work != 0) return false;
  return (deadline && Clock::now() >= *deadline) || connection_.is_woken();
}

const Message* Subscriber::Implementation::next(std::optional<Clock::time_point> deadline, Wake wake) {
  for (;;) {
    if (const Message* const message = delivery_.next()) return message;
    if (take_message()) {
      if (is_time_to_stop(deadline)) return delivery_.next();
      continue;
    }
    const Connection::Woken woken = connection_.wait(deadline);
    note_connection();
    if (woken == Connection::Woken::deadline || woken == Connection::Woken::wake_fd) return nullptr;
    if (woken == Connection::Woken::interrupted && wake == Wake::by_signals) return nullptr;
  }
}

/// Keeps events for `next` until the barrier has been answered. Beyond the budget the newest are let go, as
/// libzmq would; their numbers then show the gap. The answer is kept too: it tells of an epoch in its place.
void Subscriber::Implementation::hold_messages() {
  while (!barrier_.unconfirmed()) {
    Frames frames;
    const Connection::Received received = connection_.receive(frames);
    if (received == Connection::Received::nothing) return;
    if (received == Connection::Received::malformed) {
      delivery_.count_malformed();
      continue;
    }
    const std::size_t bytes = frames[0].size() + frames[1].size() + frames[2].size();
    if (is_answer(frames)) {
      note_answer(frames);
    } else if (held_bytes_ + bytes > held_bytes_max_) {
      continue;
    }
    held_bytes_ += bytes;
    held_.push_back(std::move(frames));
  }
}

std::optional<std::uint64_t> Subscriber::Implementation::wait_ready(Clock::time_point deadline) {
  note_connection();
  for (;;) {
    hold_messages();
    if (barrier_.unconfirmed()) return barrier_.unconfirmed();
    const Clock::time_point now = Clock::now();
    if (now >= deadline) return std::nullopt;
    if (now - asked_ >= ask_again) repeat_question();
    if (connection_.wait(std::min(deadline, asked_ + ask_again)) == Connection::Woken::wake_fd) {
      return std::nullopt;
    }
    note_connection();
  }
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

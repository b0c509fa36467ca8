#include "conversation.hpp"

#include <algorithm>
#include <utility>
#include "ack_level.hpp"

#include "sequencing/freshness.hpp"
#include "zevi/topic.hpp"

namespace zevi::broker {

namespace {

/// A `who` may be lost, but asking at every message would answer a flood with a flood.
constexpr std::chrono::milliseconds who_interval{1000};
/// Strangers that are remembered; with more, all are forgotten and asked anew.
constexpr std::size_t strangers_max = 16'384;

std::string name_of(const Publisher* publisher) {
  if (publisher == nullptr) return "a peer that said no hello";
  return publisher->name->shown();
}

}  // namespace

Conversation::Conversation(std::uint64_t broker_id, PublisherRegistry& publishers, TopicRegistry& topics,
                           const InterestTable& interest, Sequencer& sequencer, Counters& counters,
                           Complaints& complaints, std::vector<AckRule> levels)
    : broker_id_(broker_id),
      levels_(std::move(levels)),
      has_waiting_levels_(std::any_of(levels_.begin(), levels_.end(),
                                      [](const AckRule& rule) { return rule.level != AckLevel::memory; })),
      publishers_(publishers),
      topics_(topics),
      interest_(interest),
      sequencer_(sequencer),
      counters_(counters),
      complaints_(complaints),
      admission_(counters, complaints) {}

template <typename Message>
void Conversation::answer(std::string_view routing_id, const Message& message) {
  answers_.push_back({std::string(routing_id), {}});
  wire::encode(message, answers_.back().frame);
}

void Conversation::receive(std::string_view routing_id, std::vector<zmq::message_t>& frames, const Now& now) {
  Publisher* const publisher = publishers_.by_connection(routing_id);
  // libzmq gives an identity that begins with a zero byte to every peer that chose none.
  if (!routing_id.starts_with('\0'))
    return refuse_frame(routing_id, publisher, "a routing id of the peer's own");
  if (frames.empty()) return refuse_frame(routing_id, publisher, "a message without frames");

  const std::string_view header = frames[0].to_string_view();
  wire::Kind kind{};
  const wire::DecodeError error = wire::decode_kind(header, kind);
  if (error != wire::DecodeError::none) return refuse_frame(routing_id, publisher, wire::describe(error));
  if (frames.size() != (kind == wire::Kind::events ? 2U : 1U)) {
    return refuse_frame(routing_id, publisher, "a message with the wrong number of frames");
  }
  if (kind == wire::Kind::hello) return receive_hello(routing_id, frames[0], now);
  if (publisher == nullptr) {
    if (kind == wire::Kind::events) counters_.add(Counter::batches_unknown);
    return ask_stranger(routing_id, now);
  }
  publisher->last_seen = now.steady;
  if (!publisher->live) {
    publisher->live = true;
    counters_.add(Counter::publishers_up);
    if (observer_ != nullptr) observer_->up(*publisher, true);
  }
  switch (kind) {
    case wire::Kind::events:
      return receive_events(*publisher, frames, now);
    case wire::Kind::beat:
      return receive_beat(*publisher, header);
    case wire::Kind::bye:
      return receive_bye(*publisher, header);
    default:
      break;  // a kind of a later version says nothing to this one
  }
}

void Conversation::receive_hello(std::string_view routing_id, zmq::message_t& frame, const Now& now) {
  wire::Hello hello;
  const wire::DecodeError error = wire::decode(frame.to_string_view(), hello);
  if (error != wire::DecodeError::none) return refuse_frame(routing_id, nullptr, wire::describe(error));
  const std::uint64_t version = wire::settle_version(hello.version_min, hello.version_max);
  if (version == 0) {
    return refuse_hello(routing_id, hello.src, "no common version: this broker speaks 1 to 1");
  }
  Publisher* publisher = publishers_.by_id(hello.id);
  const std::string owner = Gate::owner_of(frame);
  if (publisher != nullptr && !publisher->owner.empty() && publisher->owner != owner) {
    // Ids are no secret: subscribers read them. Whoever took another's would have its batches counted as
    // repeated.
    return refuse_hello(routing_id, hello.src, "the id of another process");
  }
  const bool again = publisher != nullptr;
  const bool was_up = again && publisher->live;
  if (publisher == nullptr) {
    auto name = std::make_shared<PublisherName>();
    *name = {hello.id, std::string(hello.src), hello.pid, std::string(hello.host)};
    publisher = &publishers_.add(std::move(name), now.steady);
    publisher->since_ns = now.realtime_ns;
    publisher->last_s = hello.s - 1;
    publisher->numbered_elsewhere = hello.s > 1;
    counters_.add(Counter::publishers_up);
  } else if (hello.s > publisher->last_s + 1) {
    // What it no longer has cannot be waited for; its own numbers in each topic tell what is missing.
    move_on(*publisher, hello.s - 1);
    if (publisher->may_have_lost) {
      // It was acknowledged by the broker that was killed, and is lost with it.
      for (auto& [topic, numbers] : publisher->topics) numbers.next_p = 0;
    }
  }
  publisher->may_have_lost = false;
  strangers_.erase(std::string(routing_id));
  publishers_.attach(*publisher, routing_id);
  publisher->connection = Connection(frame);
  publisher->owner = owner;
  publisher->peer = Gate::name_of_sender(frame);
  if (gate_ != nullptr) publisher->permission = gate_->permission(publisher->peer, Role::publish);
  publisher->last_seen = now.steady;
  publisher->live = true;
  publisher->behind = false;
  publisher->next_who = {};
  publisher->confirmed_generation = 0;
  if (!was_up && observer_ != nullptr) observer_->up(*publisher, again);
  welcome(*publisher, version);
}

void Conversation::refuse_hello(std::string_view routing_id, std::string_view who, std::string_view reason) {
  counters_.add(Counter::hellos_refused);
  complaints_.add("refused a hello", who, reason);
  wire::Reject reject;
  reject.reason = reason;
  answer(routing_id, reject);
}

void Conversation::welcome(Publisher& publisher, std::uint64_t version) {
  wire::Welcome message;
  message.version = version;
  message.id = broker_id_;
  message.window_bytes = admission_.limits().window_bytes;
  for (const AckRule& rule : levels_) message.levels.push_back({rule.prefix, wire_level(rule.level)});
  answer(publisher.routing_id, message);
  if (interest_.generation_known()) answers_.push_back({publisher.routing_id, interest_.frame()});
  acks_.owe_at_once(publisher);
}

void Conversation::receive_events(Publisher& publisher, std::vector<zmq::message_t>& frames, const Now& now) {
  wire::EventsHeader header;
  const wire::DecodeError error = wire::decode(frames[0].to_string_view(), header);
  if (publisher.behind) {
    counters_.add(Counter::batches_ahead);
    return ask_who(publisher, now);
  }
  if (error != wire::DecodeError::none && header.s == 0) {
    return refuse_frame(publisher.routing_id, &publisher, wire::describe(error));
  }
  if (header.s <= publisher.last_s) {
    counters_.add(Counter::batches_repeated);
    return acks_.owe_at_once(publisher);
  }
  if (header.s > publisher.last_s + 1) {
    counters_.add(Counter::batches_ahead);
    publisher.behind = true;
    return ask_who(publisher, now);
  }
  move_on(publisher, header.s);
  acks_.owe(publisher, frames[1].size());
  if (error != wire::DecodeError::none) return refuse_batch(publisher, header, wire::describe(error));
  const std::string_view refusal = admission_.refusal(publisher, header, frames[1].to_string_view(), now);
  if (!refusal.empty()) return refuse_batch(publisher, header, refusal);
  Topic* const topic = topics_.find_or_add(header.t);
  if (topic == nullptr) return refuse_batch(publisher, header, "the broker holds 65,536 topics, its limit");
  take_in(publisher, *topic, header, std::move(frames[1]), now);
}

void Conversation::apply_access() {
  publishers_.for_each([this](Publisher& publisher) {
    publisher.permission = gate_->permission(publisher.peer, Role::publish);
    if (publisher.live && !publisher.permission.is_given) publisher.connection.shut_down();
  });
}

void Conversation::move_on(Publisher& publisher, std::uint64_t s) {
  publisher.last_s = s;
  if (std::exchange(publisher.is_listed_as_taken, true)) return;
  taken_.push_back(&publisher);
}

void Conversation::take_taken(std::vector<Publisher*>& taken) {
  taken.clear();
  std::swap(taken, taken_);
  for (Publisher* const publisher : taken) publisher->is_listed_as_taken = false;
}

void Conversation::stored(std::uint64_t id, std::uint64_t written_s, std::uint64_t synced_s) {
  Publisher* const publisher = publishers_.by_id(id);
  if (publisher == nullptr) return;
  publisher->written_s = std::max(publisher->written_s, written_s);
  publisher->synced_s = std::max(publisher->synced_s, synced_s);
  if (!has_waiting_levels_) return;
  // While more is on its way, the publisher can wait until its next acknowledgement is due.
  const bool is_all = std::max(written_s, synced_s) == publisher->last_s;
  if (is_all) return acks_.owe_at_once(*publisher);
  acks_.owe(*publisher, 0);
}

void Conversation::take_in(Publisher& publisher, Topic& topic, const wire::EventsHeader& header,
                           zmq::message_t&& body, const Now& now) {
  const auto known = publisher.topics.find(&topic);
  // Batches are stored in the order of their topic, so one may be in the store though one before it is not.
  const bool is_stored = known != publisher.topics.end() && header.p + header.n <= known->second.stored_p;
  if (is_stored) return counters_.add(Counter::batches_repeated);
  PublisherTopic* const numbers = account(publisher, topic, header);
  if (numbers == nullptr) return refuse_batch(publisher, header, admission_.too_many_topics());
  count_pace(publisher, *numbers, topic.lane, now);
  counters_.add(Counter::batches_received);
  counters_.add(Counter::events_received, header.n);
  topic.activity.count(header.n, body.size(), now);
  publisher.activity.count(header.n, body.size(), now);
  Piece piece{publisher.name, std::string(header.o), header.p, header.n, std::move(body)};
  if (topic.max_age.count() == 0) return sequencer_.accept(topic, std::move(piece), now);

  std::uint64_t expired = header.n;
  std::vector<Piece> parts =
      without_older(std::move(piece), static_cast<std::int64_t>(now.realtime_ns) - topic.max_age.count());
  for (const Piece& part : parts) expired -= part.n;
  counters_.add(Counter::events_expired, expired);
  lose(publisher, topic, &Losses::expired, expired);
  for (Piece& part : parts) sequencer_.accept(topic, std::move(part), now);
}

PublisherTopic* Conversation::numbers_of(Publisher& publisher, const Topic& topic,
                                         const PublisherTopic& first_seen) const {
  const auto found = publisher.topics.find(&topic);
  if (found != publisher.topics.end()) return &found->second;
  if (publisher.topics.size() >= admission_.limits().topics) return nullptr;
  const PublisherTopic start = publisher.numbered_elsewhere ? first_seen : PublisherTopic{};
  return &publisher.topics.emplace(&topic, start).first->second;
}

PublisherTopic* Conversation::account(Publisher& publisher, Topic& topic, const wire::EventsHeader& header) {
  PublisherTopic* const numbers = numbers_of(publisher, topic, {header.p, header.d});
  if (numbers == nullptr) return nullptr;
  if (numbers->next_p != 0 && header.p > numbers->next_p) {
    lose(publisher, topic, &Losses::dropped, header.p - numbers->next_p);
  }
  numbers->dropped = std::max(numbers->dropped, header.d);
  numbers->next_p = header.p + header.n;
  return numbers;
}

void Conversation::account_drops(Publisher& publisher, const std::vector<wire::TopicCount>& drops) {
  for (const wire::TopicCount& drop : drops) {
    Topic* const topic = publisher.permission.covers(drop.topic) ? topics_.find_or_add(drop.topic) : nullptr;
    if (topic == nullptr) continue;
    // The events before these drops went to an earlier broker, and their count is not known.
    PublisherTopic* const numbers = numbers_of(publisher, *topic, {0, drop.count});
    if (numbers == nullptr || drop.count <= numbers->dropped) continue;
    const std::uint64_t lost = drop.count - numbers->dropped;
    lose(publisher, *topic, &Losses::dropped, lost);
    numbers->dropped = drop.count;
    if (numbers->next_p != 0) numbers->next_p += lost;
  }
}

void Conversation::lose(Publisher& publisher, Topic& topic, std::uint64_t Losses::*why,
                        std::uint64_t events) {
  publisher.losses.*why += events;
  topic.losses.*why += events;
  // Refusals are booked with their reason.
  if (ledger_ != nullptr && why != &Losses::invalid) {
    const auto stage = why == &Losses::dropped ? LossLedger::Stage::dropped : LossLedger::Stage::expired;
    ledger_->add(stage, *publisher.name, topic.name, events);
  }
  if (observer_ != nullptr && why == &Losses::dropped) observer_->dropped(publisher, topic, events);
  topic.lost_before += events;
  counters_.add(Counter::events_lost_before, events);
}

void Conversation::refuse_batch(Publisher& publisher, const wire::EventsHeader& header,
                                std::string_view reason) {
  counters_.add(Counter::batches_invalid);
  counters_.add(Counter::events_invalid, header.n);
  complaints_.add("refused a batch", name_of(&publisher), reason);
  if (observer_ != nullptr) observer_->refused(publisher, header.t, header.n, reason);
  if (ledger_ != nullptr) {
    ledger_->add(LossLedger::Stage::invalid, *publisher.name, header.t, header.n, reason);
  }
  answer(publisher.routing_id, wire::Reject{header.s, header.t, header.n, reason});
  acks_.owe_at_once(publisher);
  // Nobody tells the readers of a topic of losses in which it has no say.
  const bool has_topic =
      is_topic(header.t) && !is_reserved_topic(header.t) && publisher.permission.covers(header.t);
  Topic* const topic = has_topic ? topics_.find_or_add(header.t) : nullptr;
  if (topic == nullptr) publisher.losses.invalid += header.n;
  if (topic == nullptr || header.n == 0) return;
  // The refused events took numbers, so they are lost to the topic's readers like dropped ones.
  if (account(publisher, *topic, header)) lose(publisher, *topic, &Losses::invalid, header.n);
}

void Conversation::receive_beat(Publisher& publisher, std::string_view frame) {
  wire::Beat beat;
  const wire::DecodeError error = wire::decode(frame, beat);
  if (error != wire::DecodeError::none) {
    return refuse_frame(publisher.routing_id, &publisher, wire::describe(error));
  }
  account_drops(publisher, beat.d);
  // It may be waiting for one, and earlier ones may have been lost: a ROUTER drops what a peer does not read.
  acks_.owe_at_once(publisher);
  if (beat.g <= interest_.generation()) publisher.confirmed_generation = beat.g;
  if (beat.g != interest_.generation() && interest_.generation_known()) {
    answers_.push_back({publisher.routing_id, interest_.frame()});
  }
}

void Conversation::receive_bye(Publisher& publisher, std::string_view frame) {
  wire::Bye bye;
  if (wire::decode(frame, bye) == wire::DecodeError::none) account_drops(publisher, bye.d);
  publishers_.end(publisher);
  counters_.add(Counter::publishers_down);
  if (observer_ != nullptr) observer_->down(publisher, DownReason::bye);
}

void Conversation::count_pace(Publisher& publisher, PublisherTopic& numbers, std::size_t lane,
                              const Now& now) {
  if (lane >= paces_.size()) paces_.resize(lane + 1);
  paces_[lane].count(numbers.pace, now.steady);
  publisher.lanes |= std::uint64_t{1} << lane;
}

std::chrono::microseconds Conversation::pace_of(const Publisher& publisher) const noexcept {
  std::chrono::microseconds slowest{0};
  for (std::size_t lane = 0; lane < paces_.size(); ++lane) {
    if ((publisher.lanes >> lane & 1U) != 0) slowest = std::max(slowest, paces_[lane].collect());
  }
  return slowest;
}

void Conversation::acknowledge(const Now& now) {
  acks_.send_due(now, [this](const Publisher& publisher) {
    wire::Ack ack;
    ack.memory = publisher.last_s;
    ack.written = publisher.written_s;
    ack.synced = publisher.synced_s;
    ack.pace_us = static_cast<std::uint64_t>(pace_of(publisher).count());
    answer(publisher.routing_id, ack);
  });
}

void Conversation::announce_interest() {
  publishers_.for_each_live([this](const Publisher& publisher) {
    answers_.push_back({publisher.routing_id, interest_.frame()});
  });
}

void Conversation::ask_who(Publisher& publisher, const Now& now) {
  if (now.steady < publisher.next_who) return;
  publisher.next_who = now.steady + who_interval;
  answer(publisher.routing_id, wire::Who{});
}

void Conversation::ask_stranger(std::string_view routing_id, const Now& now) {
  if (strangers_.size() >= strangers_max) strangers_.clear();
  SteadyTime& ask_from = strangers_[std::string(routing_id)];
  if (now.steady < ask_from) return;
  ask_from = now.steady + who_interval;
  answer(routing_id, wire::Who{});
}

void Conversation::refuse_frame(std::string_view, const Publisher* publisher, std::string_view reason) {
  counters_.add(Counter::frames_refused);
  complaints_.add("refused a message", name_of(publisher), reason);
}

}  // namespace zevi::broker

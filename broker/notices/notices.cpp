#include "notices.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "ingress/local_process.hpp"
#include "zevi/broker_events.hpp"
#include "zevi/topic.hpp"
#include "zevi/wire/body.hpp"

namespace zevi::broker {

namespace {

/// What is gathered is looked through no more often than this, however much it is.
constexpr std::chrono::milliseconds scan_interval{20};

std::string_view words(DownReason reason) noexcept {
  switch (reason) {
    case DownReason::bye:
      return "bye";
    case DownReason::gone:
      return "gone";
    case DownReason::silent:
      return "silent";
  }
  return "";
}

std::shared_ptr<const PublisherName> broker_name(std::uint64_t id) {
  return std::make_shared<const PublisherName>(
      PublisherName{id, "zevid", static_cast<std::uint64_t>(getpid()), host_name()});
}

/// A body of one event.
template <typename Event>
zmq::message_t body_of(const Event& event, std::uint64_t time_ns) {
  std::string bytes(wire::body_head_bytes, '\0');
  pack::put_array32_head(reinterpret_cast<std::uint8_t*>(bytes.data()), 1);
  pack::Writer(bytes).array(2).wide_sint(static_cast<std::int64_t>(time_ns));
  const std::size_t head = bytes.size();
  bytes.resize(head + event.encoded_bytes_max());
  const auto* const begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const std::uint8_t* const end = event.encode(reinterpret_cast<std::uint8_t*>(bytes.data()) + head);
  return {bytes.data(), static_cast<std::size_t>(end - begin)};
}

}  // namespace

Notices::Notices(std::uint64_t broker_id, TopicRegistry& topics, Sequencer& sequencer, Counters& counters)
    : topics_(topics), sequencer_(sequencer), counters_(counters), self_(broker_name(broker_id)) {}

void Notices::up(const Publisher& publisher, bool again) {
  changes_.push_back({publisher.name, true, again, DownReason::bye, 0, {}});
  look_at(SteadyTime{});
}

void Notices::down(const Publisher& publisher, DownReason reason) {
  changes_.push_back({publisher.name, false, false, reason, publisher.activity.events(), publisher.losses});
  look_at(SteadyTime{});
}

void Notices::dropped(const Publisher& publisher, const Topic& topic, std::uint64_t events) {
  Drops& drops = drops_[&topic];
  drops.count += events;
  auto& share = drops.by_publisher[publisher.name->id];
  share.first = publisher.name;
  share.second += events;
  look_at(drops.next);
}

void Notices::refused(const Publisher& publisher, std::string_view topic, std::uint64_t events,
                      std::string_view reason) {
  Refusals& refusals = refusals_[publisher.name->id];
  refusals.name = publisher.name;
  refusals.count += events;
  ++refusals.batches;
  refusals.topic = is_topic(topic) ? topic : std::string_view();
  refusals.reason = reason;
  look_at(refusals.next);
}

void Notices::store(const StoreHealth& health) {
  store_ = health;
  if (!health.is_degraded) left_out_ += health.left_out;
  look_at(SteadyTime{});
}

void Notices::memory(const MemoryHealth& health) {
  memory_ = health;
  look_at(SteadyTime{});
}

void Notices::publish(const Now& now) {
  if (now.steady < next_) return;
  next_ = SteadyTime::max();
  publish_changes(now);
  publish_store(now);
  publish_memory(now);
  if (now.steady < next_scan_) return look_at(next_scan_);
  next_scan_ = now.steady + scan_interval;
  publish_due(drops_, now, [&](const auto& of) { publish_drops(of.second, *of.first, now); });
  publish_due(refusals_, now, [&](const auto& of) { publish_refusals(of.second, now); });
  if (next_ != SteadyTime::max()) next_ = std::max(next_, next_scan_);
}

void Notices::publish_changes(const Now& now) {
  for (const Change& change : changes_) {
    const PublisherName& name = *change.name;
    const bool may = all_.take(1, per_second_max, per_second_max, now.steady);
    if (change.is_up) {
      if (!may) {
        lose_event<E_ZEVI_PUBLISHER_UP>();
        continue;
      }
      publish_event(E_ZEVI_PUBLISHER_UP{name.id, name.src, name.pid, name.host, change.again}, now);
    } else if (may) {
      publish_event(E_ZEVI_PUBLISHER_DOWN{name.id, name.src, name.pid, name.host, words(change.reason),
                                          change.events, change.losses.dropped, change.losses.invalid},
                    now);
    } else {
      lose_event<E_ZEVI_PUBLISHER_DOWN>();
    }
  }
  changes_.clear();
}

bool Notices::may_tell(Allowance& of_one, const Now& now) {
  return of_one.take(1, of_one_per_minute_max, of_one_per_minute_max / 60.0, now.steady);
}

void Notices::publish_memory(const Now& now) {
  if (memory_.is_overloaded == is_told_overloaded_) return;
  if (!may_tell(of_memory_, now)) return look_at(now.steady + gather);
  publish_event(E_ZEVI_OVERLOAD{memory_.is_overloaded ? "overloaded" : "ok", memory_.bytes, memory_.bytes_max,
                                memory_.evicted, memory_.cut, memory_.refused},
                now);
  is_told_overloaded_ = memory_.is_overloaded;
}

void Notices::publish_store(const Now& now) {
  if (store_.is_degraded == is_told_degraded_) return;
  if (!may_tell(of_store_, now)) return look_at(now.steady + gather);
  const std::uint64_t so_far = left_out_ + (store_.is_degraded ? store_.left_out : 0);
  publish_event(E_ZEVI_STORE{store_.directory, store_.is_degraded ? "degraded" : "ok", store_.reason, so_far},
                now);
  is_told_degraded_ = store_.is_degraded;
  if (!is_told_degraded_) left_out_ = 0;
}

template <typename Gathered, typename Publish>
void Notices::publish_due(Gathered& gathered, const Now& now, Publish publish) {
  for (auto at = gathered.begin(); at != gathered.end();) {
    auto& entry = at->second;
    if (now.steady < entry.next) {
      // Kept until then even with nothing in it, so that the next one is not told too early.
      look_at(entry.next);
    } else if (entry.is_empty()) {
      at = gathered.erase(at);
      continue;
    } else if (!all_.take(1, per_second_max, per_second_max, now.steady)) {
      look_at(next_scan_);
    } else {
      publish(*at);
      entry = {};
      entry.next = now.steady + gather;
      look_at(entry.next);
    }
    ++at;
  }
}

void Notices::publish_drops(const Drops& drops, const Topic& topic, const Now& now) {
  const auto most = std::max_element(
      drops.by_publisher.begin(), drops.by_publisher.end(),
      [](const auto& left, const auto& right) { return left.second.second < right.second.second; });
  const PublisherName& name = *most->second.first;
  publish_event(E_ZEVI_DROPPED{topic.name, drops.count, drops.by_publisher.size(), name.id, name.src,
                               name.pid, name.host, most->second.second},
                now);
}

void Notices::publish_refusals(const Refusals& refusals, const Now& now) {
  const PublisherName& name = *refusals.name;
  publish_event(E_ZEVI_INVALID{name.id, name.src, name.pid, name.host, refusals.count, refusals.batches,
                               refusals.topic, refusals.reason},
                now);
}

template <typename Event>
Notices::Own* Notices::own_topic() {
  Own& own = own_[Event::topic];
  if (own.topic == nullptr) own.topic = topics_.find_or_add(Event::topic);
  return own.topic == nullptr ? nullptr : &own;
}

template <typename Event>
void Notices::publish_event(const Event& event, const Now& now) {
  Own* const own = own_topic<Event>();
  if (own == nullptr) return;
  zmq::message_t body = body_of(event, now.realtime_ns);
  own->topic->activity.count(1, body.size(), now);
  counters_.add(Counter::notices);
  sequencer_.accept(*own->topic, Piece{self_, std::string(), own->next_p++, 1, std::move(body)}, now);
}

template <typename Event>
void Notices::lose_event() {
  Own* const own = own_topic<Event>();
  if (own == nullptr) return;
  ++own->next_p;
  ++own->topic->lost_before;
  ++own->topic->losses.dropped;
  counters_.add(Counter::events_lost_before);
}

}  // namespace zevi::broker

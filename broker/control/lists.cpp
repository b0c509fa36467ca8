#include <charconv>

#include "listing.hpp"
#include "runtime/row.hpp"

namespace zevi::broker {

namespace {

void append_topic(std::string& out, const Topic& topic, const Sources& sources, const Now& now) {
  const History::Held held = sources.history.held(topic);
  const StoreIndex::Held stored = sources.store ? sources.store->index().held(topic) : StoreIndex::Held();
  Row(out)
      .text("topic", topic.name)
      .uint("next_q", topic.next_q)
      .uint("events", topic.activity.events())
      .uint("bytes", topic.activity.bytes())
      .real("rate", topic.activity.rate(now.steady))
      .uint("last_seen_ns", topic.activity.last_ns())
      .uint("lost_before", topic.lost_before)
      .uint("dropped", topic.losses.dropped)
      .uint("invalid", topic.losses.invalid)
      .uint("expired", topic.losses.expired)
      .uint("lost_after", topic.lost_after)
      .uint("held_first_q", held.first_q)
      .uint("held_events", held.events)
      .uint("held_bytes", held.bytes)
      .uint("stored_first_q", stored.first_q)
      .uint("stored_events", stored.events)
      .uint("stored_bytes", stored.bytes)
      .uint("subscriptions_stream", sources.egress.stream().subscriptions_of_topic(topic.name))
      .uint("subscriptions_events", sources.egress.events().subscriptions_of_topic(topic.name))
      .uint("subscriptions_routes", sources.egress.route_subscriptions_of_topic(topic.name));
}

void append_publisher(std::string& out, const Publisher& publisher, const Now& now) {
  const auto silent_ns = std::chrono::nanoseconds(now.steady - publisher.last_seen).count();
  Row(out)
      .uint("id", publisher.name->id)
      .text("src", publisher.name->src)
      .uint("pid", publisher.name->pid)
      .text("host", publisher.name->host)
      .boolean("live", publisher.live)
      .text("ended", publisher.live ? "" : publisher.ended)
      .uint("since_ns", publisher.since_ns)
      .uint("last_seen_ns", now.realtime_ns - static_cast<std::uint64_t>(silent_ns))
      .uint("topics", publisher.topics.size())
      .uint("events", publisher.activity.events())
      .uint("bytes", publisher.activity.bytes())
      .real("rate", publisher.activity.rate(now.steady))
      .uint("dropped", publisher.losses.dropped)
      .uint("invalid", publisher.losses.invalid)
      .uint("expired", publisher.losses.expired)
      .uint("unacknowledged_bytes", publisher.unacknowledged_bytes);
}

}  // namespace

std::uint64_t number_of_key(std::string_view key) noexcept {
  std::uint64_t number = 0;
  std::from_chars(key.data(), key.data() + key.size(), number);
  return number;
}

std::optional<std::string> list_topics(Rows& rows, const Sources& sources, const Identity&,
                                       std::string_view from, const Now& now) {
  const auto& topics = sources.topics.in_order();
  for (auto at = topics.lower_bound(from); at != topics.end(); ++at) {
    if (!rows.may_show(at->first)) continue;
    if (rows.slice_is_full()) return std::string(at->first);
    append_topic(rows.next(), *at->second, sources, now);
  }
  return std::nullopt;
}

std::optional<std::string> list_publishers(Rows& rows, const Sources& sources, const Identity&,
                                           std::string_view from, const Now& now) {
  const auto& publishers = sources.publishers.by_id();
  for (auto at = publishers.lower_bound(number_of_key(from)); at != publishers.end(); ++at) {
    if (rows.slice_is_full()) return std::to_string(at->first);
    append_publisher(rows.next(), *at->second, now);
  }
  return std::nullopt;
}

std::optional<std::string> list_subscriptions(Rows& rows, const Sources& sources, const Identity&,
                                              std::string_view from, const Now&) {
  const auto& prefixes = sources.interest.prefixes();
  for (auto at = prefixes.lower_bound(from); at != prefixes.end(); ++at) {
    if (!rows.may_show(at->first)) continue;
    if (rows.slice_is_full()) return at->first;
    Row(rows.next())
        .text("prefix", at->first)
        .uint("stream", sources.egress.stream().subscriptions(at->first))
        .uint("events", sources.egress.events().subscriptions(at->first))
        .uint("routes", sources.egress.route_subscriptions(at->first))
        .boolean("lingers", at->second.subscribers == 0);
  }
  return std::nullopt;
}

}  // namespace zevi::broker

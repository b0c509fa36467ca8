#include <algorithm>

#include "listing.hpp"
#include "runtime/local_peer.hpp"
#include "runtime/row.hpp"
#include "zevi/topic.hpp"

namespace zevi::broker {

namespace {

using Subscriber = SubscriberConnections::Subscriber;

/// Of those that a reader asks for.
constexpr std::size_t prefixes_shown = 8;

/// 0 for everybody on another machine.
std::uint64_t pid_of(std::string_view peer) {
  return static_cast<std::uint64_t>(read_local_peer(peer).value_or(LocalPeer()).pid);
}

std::vector<std::string_view> prefixes_of(const Subscriber& subscriber, const Rows& rows) {
  std::vector<std::string_view> prefixes;
  for (const PrefixCount* const count : subscriber.prefixes) {
    if (is_topic_prefix(count->prefix) && rows.may_show(count->prefix)) prefixes.push_back(count->prefix);
  }
  std::sort(prefixes.begin(), prefixes.end());
  return prefixes;
}

void append_reader(Rows& rows, std::string_view endpoint, const Subscriber& subscriber) {
  const std::vector<std::string_view> prefixes = prefixes_of(subscriber, rows);
  if (prefixes.empty()) return;
  Row row(rows.next());
  row.text("endpoint", endpoint)
      .text("peer", subscriber.peer)
      .uint("pid", pid_of(subscriber.peer))
      .uint("unread_bytes", subscriber.backlog.bytes())
      .uint("waiting_since_ns", subscriber.backlog.waiting_since_ns())
      .uint("still_since_ns", subscriber.backlog.still_since_ns())
      .uint("prefixes_count", prefixes.size());
  const std::size_t shown = std::min(prefixes.size(), prefixes_shown);
  pack::Writer& writer = row.field("prefixes");
  writer.array(shown);
  for (std::size_t i = 0; i < shown; ++i) writer.text(prefixes[i]);
}

/// Of a key made of two numbers.
std::uint64_t number_behind_point(std::string_view key) {
  const std::size_t point = key.find('.');
  return point == std::string_view::npos ? 0 : number_of_key(key.substr(point + 1));
}

}  // namespace

std::optional<std::string> list_readers(Rows& rows, const Sources& sources, const Identity&,
                                        std::string_view from, const Now&) {
  const std::size_t first = number_of_key(from);
  for (std::size_t outlet = first; outlet < sources.egress.size(); ++outlet) {
    const auto& readers = sources.egress[outlet].socket().readers();
    const std::size_t begin = outlet == first ? number_behind_point(from) : 0;
    for (auto at = readers.lower_bound(begin); at != readers.end(); ++at) {
      if (rows.slice_is_full()) return std::to_string(outlet) + "." + std::to_string(at->first);
      append_reader(rows, sources.egress[outlet].options().name, *at->second);
    }
  }
  return std::nullopt;
}

std::optional<std::string> list_losses(Rows& rows, const Sources& sources, const Identity&,
                                       std::string_view from, const Now&) {
  const auto& accounts = sources.ledger.by_number();
  for (auto at = accounts.lower_bound(number_of_key(from)); at != accounts.end(); ++at) {
    const LossLedger::Account& account = *at->second;
    if (!rows.may_show(account.topic)) continue;
    if (rows.slice_is_full()) return std::to_string(at->first);
    Row(rows.next())
        .text("stage", name_of(account.stage))
        .text("topic", account.topic)
        .text("src", account.src)
        .uint("pid", account.pid)
        .text("host", account.host)
        .uint("id", account.id)
        .uint("events", account.events)
        .uint("evicted", account.evicted)
        .uint("last_ns", account.last_ns)
        .text("reason", account.reason);
  }
  return std::nullopt;
}

}  // namespace zevi::broker

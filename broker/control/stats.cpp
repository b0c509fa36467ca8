#include <unistd.h>

#include "broker_version.hpp"
#include "listing.hpp"
#include "memory/resident_memory.hpp"
#include "runtime/row.hpp"

namespace zevi::broker {

namespace {

void append_names(pack::Writer& writer, const std::vector<Identity::Named>& entries) {
  writer.map(entries.size());
  for (const Identity::Named& entry : entries) writer.text(entry.name).text(entry.value);
}

void append_routes(std::string& out, const std::vector<Identity::AtRoute>& routes) {
  pack::Writer(out).array(routes.size());
  for (const Identity::AtRoute& route : routes) {
    Row(out)
        .text("prefix", route.prefix)
        .text("endpoint", route.endpoint)
        .text("format", route.format)
        .boolean("also", route.also);
  }
}

void append_history(std::string& out, const History& history) {
  pack::Writer(out).array(history.usage().size());
  for (const History::Usage& usage : history.usage()) {
    Row(out)
        .text("prefix", usage.limit.prefix)
        .boolean("kept", usage.limit.kept)
        .uint("events", usage.events)
        .uint("bytes", usage.bytes)
        .uint("bytes_max", usage.limit.kept ? usage.limit.bytes_max : 0)
        .uint("events_max", usage.limit.events_max)
        .uint("age_max_ns", static_cast<std::uint64_t>(usage.limit.age_max.count()));
  }
}

/// No fields without a store.
void append_store(std::string& out, const Store* store) {
  Row row(out);
  if (store == nullptr) return;
  const StoreHealth& health = store->health();
  row.text("directory", health.directory)
      .text("state", health.is_degraded ? "degraded" : "ok")
      .text("reason", health.is_degraded ? health.reason : "")
      .uint("left_out", health.is_degraded ? health.left_out : 0)
      .uint("events", store->index().events())
      .uint("bytes", store->index().bytes())
      .uint("waiting_bytes", store->waiting_bytes());
}

void append_counters(pack::Writer& writer, const Counters& counters) {
  const std::vector<CounterValue> values = counters.snapshot();
  writer.map(values.size());
  for (const CounterValue& counter : values) writer.text(counter.name).uint(counter.value);
}

void append_recent(pack::Writer& writer, const Sources& sources, const Now& now) {
  const Recent::Values growth = sources.recent.growth(sources.counters, now.steady);
  writer.map(growth.size());
  for (std::size_t i = 0; i < growth.size(); ++i) {
    writer.text(counter_texts[static_cast<std::size_t>(Recent::counters[i])].name).uint(growth[i]);
  }
}

}  // namespace

std::optional<std::string> list_stats(Rows& rows, const Sources& sources, const Identity& identity,
                                      std::string_view, const Now& now) {
  std::string& out = rows.next();
  const auto uptime = std::chrono::duration<double>(now.steady - identity.started).count();
  Row row(out);
  row.text("version", version)
      .uint("pid", static_cast<std::uint64_t>(getpid()))
      .uint("epoch", identity.epoch)
      .uint("started_ns", identity.started_ns)
      .real("uptime_s", uptime)
      .text("runtime_dir", identity.runtime_dir);
  append_names(row.field("endpoints"), identity.endpoints);
  row.field("routes");
  append_routes(out, identity.routes);
  row.uint("memory_bytes", resident_bytes())
      .uint("memory_bytes_max", sources.memory == nullptr ? 0 : sources.memory->bytes_max())
      .uint("topics", sources.topics.size())
      .uint("publishers_live", sources.publishers.live())
      .uint("publishers_known", sources.publishers.by_id().size())
      .uint("subscriptions_stream", sources.egress.stream().subscriptions())
      .uint("subscriptions_events", sources.egress.events().subscriptions())
      .uint("subscriptions_routes", sources.egress.route_subscriptions());
  row.field("history");
  append_history(out, sources.history);
  row.field("store");
  append_store(out, sources.store);
  append_recent(row.field("recent"), sources, now);
  append_counters(row.field("counters"), sources.counters);
  return std::nullopt;
}

std::optional<std::string> list_counters(Rows& rows, const Sources& sources, const Identity&,
                                         std::string_view, const Now&) {
  for (const CounterValue& counter : sources.counters.snapshot()) {
    Row(rows.next())
        .text("name", counter.name)
        .uint("value", counter.value)
        .text("help", counter.help)
        .boolean("level", counter.is_level);
  }
  return std::nullopt;
}

std::optional<std::string> list_config(Rows& rows, const Sources&, const Identity& identity, std::string_view,
                                       const Now&) {
  for (const Identity::Named& option : identity.options) {
    Row(rows.next()).text("option", option.name).text("value", option.value);
  }
  return std::nullopt;
}

}  // namespace zevi::broker

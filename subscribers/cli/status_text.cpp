#include "status_text.hpp"

#include <algorithm>
#include <chrono>

#include "event_lines.hpp"
#include "printable.hpp"
#include "row.hpp"
#include "units.hpp"

namespace zevi::cli {

namespace {

std::string count(const Params& row, std::string_view key) {
  return count_text(static_cast<double>(uint_of(row, key)));
}

std::string word(const Value& value) {
  std::string text;
  append_word(text, value.as_text().value_or(""));
  return text;
}

void append_line(std::string& out, std::string_view name, std::string_view text) {
  constexpr std::size_t width = 14;
  out.append("  ").append(name).append(width - std::min(width, name.size()), ' ').append(text).append("\n");
}

std::string lost_text(const Params& counters) {
  return count(counters, "events_lost_before") + " before the broker (" + count(counters, "events_invalid") +
         " refused, " + count(counters, "events_expired") + " too old), " +
         count(counters, "events_lost_after") + " on the way to readers, as they report";
}

void append_history(std::string& out, const Params& limit) {
  const std::string prefix = printable(limit.find("prefix").as_text().value_or("")) + "*";
  if (!limit.find("kept").as_bool().value_or(false))
    return append_line(out, "history", prefix + ": not kept");
  std::string text = prefix + ": " + count(limit, "events") + " events, " +
                     bytes_text(uint_of(limit, "bytes")) + " of " + bytes_text(uint_of(limit, "bytes_max"));
  if (uint_of(limit, "events_max") != 0) text += ", at most " + count(limit, "events_max") + " events";
  if (const std::uint64_t age = uint_of(limit, "age_max_ns"); age != 0) {
    text += ", at most " + duration_text(std::chrono::nanoseconds(age)) + " old";
  }
  append_line(out, "history", text);
}

void append_store(std::string& out, const Params& store) {
  if (store.empty()) return append_line(out, "store", "none, the history is in memory alone");
  std::string text = word(store.find("directory")) + ": " + count(store, "events") + " events, " +
                     bytes_text(uint_of(store, "bytes")) + " on the disk, " +
                     bytes_text(uint_of(store, "waiting_bytes")) + " wait to be written";
  append_line(out, "store", text);
  if (store.find("state").as_text().value_or("") != "degraded") return;
  append_line(out, "", "DEGRADED: " + printable(store.find("reason").as_text().value_or("")));
  append_line(out, "", count(store, "left_out") + " events since then are in memory alone");
}

void append_route(std::string& out, const Params& route) {
  std::string text = printable(route.find("prefix").as_text().value_or("")) + "* at " +
                     word(route.find("endpoint")) + ", " + word(route.find("format"));
  if (route.find("also").as_bool().value_or(false)) text += ", also at stream and events";
  append_line(out, "route", text);
}

}  // namespace

void append_status(std::string& out, const Params& stats) {
  const Params counters = stats.find("counters").entries();
  const auto uptime = std::chrono::duration<double>(stats.find("uptime_s").as_double().value_or(0));
  out.append("zevid ")
      .append(word(stats.find("version")))
      .append(", pid ")
      .append(std::to_string(uint_of(stats, "pid")))
      .append(", up ")
      .append(duration_text(std::chrono::duration_cast<std::chrono::nanoseconds>(uptime)))
      .append(", epoch ")
      .append(std::to_string(uint_of(stats, "epoch")))
      .append("\n");
  append_line(out, "memory", bytes_text(uint_of(stats, "memory_bytes")));
  const std::uint64_t live = uint_of(stats, "publishers_live");
  append_line(out, "publishers",
              std::to_string(live) + " up, " +
                  std::to_string(std::max(uint_of(stats, "publishers_known"), live) - live) + " ended");
  append_line(out, "topics", count(stats, "topics"));
  append_line(out, "subscriptions",
              count(stats, "subscriptions_stream") + " at stream, " + count(stats, "subscriptions_events") +
                  " at events, " + count(stats, "subscriptions_routes") + " at routes");
  append_line(
      out, "taken in",
      count(counters, "events_received") + " events in " + count(counters, "batches_received") + " batches");
  append_line(out, "lost", lost_text(counters));
  for (const Value& limit : stats.find("history").items()) append_history(out, limit.entries());
  append_store(out, stats.find("store").entries());
  for (const auto& [name, endpoint] : stats.find("endpoints").entries()) {
    append_line(out, printable(name), word(endpoint));
  }
  for (const Value& route : stats.find("routes").items()) append_route(out, route.entries());
}

}  // namespace zevi::cli

#include "effective_options.hpp"

#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

#include "egress/routes.hpp"
#include "ingress/ack_level.hpp"
#include "ingress/catalogue_policy.hpp"

namespace zevi::broker {

namespace {

/// In the largest unit that divides it.
std::string duration_text(std::chrono::nanoseconds value) {
  constexpr std::array<std::pair<const char*, std::int64_t>, 5> units{{{"h", 3'600'000'000'000},
                                                                       {"m", 60'000'000'000},
                                                                       {"s", 1'000'000'000},
                                                                       {"ms", 1'000'000},
                                                                       {"us", 1000}}};
  for (const auto& [name, factor] : units) {
    if (value.count() != 0 && value.count() % factor == 0)
      return std::to_string(value.count() / factor) + name;
  }
  return std::to_string(value.count()) + "ns";
}

std::string prefix_text(const std::string& prefix) {
  return prefix.empty() ? "*" : prefix;
}

std::string history_text(const HistoryLimit& limit) {
  const std::string prefix = prefix_text(limit.prefix);
  if (!limit.kept) return prefix + "=none";
  std::string text = prefix + "=" + std::to_string(limit.bytes_max);
  if (limit.age_max.count() != 0) text += "," + duration_text(limit.age_max);
  if (limit.events_max != 0) text += "," + std::to_string(limit.events_max) + "events";
  return text;
}

std::string route_text(const Route& route) {
  std::string text = prefix_text(route.prefix) + "=" + route.endpoint + ",format=";
  text += name_of(route.format);
  if (route.also) text += ",also";
  if (route.queue_max != 0) text += ",queue=" + std::to_string(route.queue_max);
  if (!route.access.empty()) text += ",access=" + route.access;
  return text;
}

}  // namespace

std::vector<Identity::Named> effective_options(const BrokerOptions& options) {
  std::vector<Identity::Named> all;
  for (const HistoryLimit& limit : options.history) all.push_back({"history", history_text(limit)});
  for (const MaxAge& limit : options.max_age) {
    all.push_back({"max-age", prefix_text(limit.prefix) + "=" + duration_text(limit.age)});
  }
  all.push_back({"store", options.store});
  all.push_back({"store-size", std::to_string(options.store_bytes_max)});
  for (const AckRule& rule : options.acks) {
    all.push_back(
        {"ack", prefix_text(rule.prefix).append("=").append(wire::name_of(wire_level(rule.level)))});
  }
  for (const Route& route : options.routes) all.push_back({"route", route_text(route)});
  for (const CatalogueRule& rule : options.catalogue) {
    all.push_back({"catalogue", prefix_text(rule.prefix).append("=").append(name_of(rule.policy))});
  }
  for (const std::string& file : options.catalogue_files) all.push_back({"catalogue-file", file});
  std::array<char, 8> mode{};
  std::snprintf(mode.data(), mode.size(), "%04o", options.socket_mode);
  all.push_back({"socket-mode", mode.data()});
  all.push_back({"socket-group", options.socket_group});
  all.push_back({"access", options.access});
  all.push_back({"curve-key", options.curve_key});
  all.push_back({"interest-linger", duration_text(options.interest_linger)});
  all.push_back({"coalesce", duration_text(options.coalesce_max)});
  all.push_back({"subscriber-budget", std::to_string(options.subscriber_budget_bytes)});
  all.push_back({"events-queue", std::to_string(options.events_queue_max)});
  all.push_back({"memory-max", std::to_string(options.memory_bytes_max)});
  all.push_back({"publisher-rate", std::to_string(options.publisher_limits.events_per_second)});
  all.push_back({"publisher-topics", std::to_string(options.publisher_limits.topics)});
  all.push_back({"publisher-window", std::to_string(options.publisher_limits.window_bytes)});
  all.push_back({"subscriber-prefixes", std::to_string(options.subscriber_prefixes_max)});
  all.push_back({"notices", options.notices ? "on" : "off"});
  all.push_back({"drain", duration_text(options.drain_max)});
  return all;
}

}  // namespace zevi::broker

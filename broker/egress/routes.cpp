#include "routes.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>

#include "zevi/endpoints.hpp"
#include "zevi/topic.hpp"

namespace zevi::broker {

namespace {

constexpr std::size_t routes_max = 32;
constexpr int queue_longest = 100'000'000;

std::string shown(const Route& route) {
  return "route " + (route.prefix.empty() ? "*" : route.prefix) + "=" + route.endpoint;
}

std::unordered_set<std::string> own_endpoints(const BrokerOptions& options) {
  std::unordered_set<std::string> all{options.ingress, options.stream, options.events, options.replay,
                                      options.control};
  if (options.runtime_dir.empty()) return all;
  for (const std::string_view name : {endpoint_names::ingress, endpoint_names::stream, endpoint_names::events,
                                      endpoint_names::replay, endpoint_names::control}) {
    all.insert(ipc_endpoint(options.runtime_dir, name));
  }
  return all;
}

void check_alone(const Route& route, const BrokerOptions& options) {
  if (!is_topic_prefix(route.prefix)) {
    throw Error(shown(route) + ": '" + route.prefix +
                "' is no topic prefix; use at most 128 of A-Z a-z 0-9 _ . -, and * for all topics");
  }
  if (route.endpoint.empty()) {
    throw Error(shown(route) + ": say where, as in E_PROFILING_=ipc:///run/zevi/profiling");
  }
  if (route.queue_max < 0 || route.queue_max > queue_longest) {
    throw Error(shown(route) + ": queue must be between 1 and 100000000");
  }
  if (!route.access.empty() && options.access.empty()) {
    throw Error(shown(route) + ": access needs the option access as well, which says who may do the rest");
  }
}

/// Libraries read all routes of their format as one: what came by two of them would come twice.
bool send_the_same(const Route& left, const Route& right) {
  if (left.also || right.also || left.format != right.format || left.format == EventFormat::json)
    return false;
  return left.prefix.starts_with(right.prefix) || right.prefix.starts_with(left.prefix);
}

}  // namespace

std::string_view name_of(EventFormat format) noexcept {
  switch (format) {
    case EventFormat::events:
      return "events";
    case EventFormat::json:
      return "json";
    case EventFormat::stream:
      break;
  }
  return "stream";
}

void check_routes(const BrokerOptions& options) {
  if (options.routes.size() > routes_max) {
    throw Error("route: " + std::to_string(options.routes.size()) + " routes, but 32 is the most");
  }
  std::unordered_set<std::string> taken = own_endpoints(options);
  for (const Route& route : options.routes) {
    check_alone(route, options);
    if (!taken.insert(route.endpoint).second && !route.endpoint.ends_with(":*")) {
      throw Error(shown(route) + ": another socket of this broker listens there; choose another endpoint");
    }
  }
  for (std::size_t i = 0; i < options.routes.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (!send_the_same(options.routes[i], options.routes[k])) continue;
      throw Error(shown(options.routes[i]) + " and " + shown(options.routes[k]) +
                  " would send the same topics in the same format; give one of them also");
    }
  }
}

std::vector<std::string> prefixes_apart(const BrokerOptions& options) {
  std::vector<std::string> prefixes;
  for (const Route& route : options.routes) {
    if (!route.also) prefixes.push_back(route.prefix);
  }
  return prefixes;
}

std::vector<std::string> prefixes_without_stream(const BrokerOptions& options) {
  std::vector<std::string> prefixes;
  for (const Route& route : options.routes) {
    const bool has_stream =
        std::any_of(options.routes.begin(), options.routes.end(), [&](const Route& other) {
          return !other.also && other.format == EventFormat::stream && route.prefix.starts_with(other.prefix);
        });
    if (!route.also && !has_stream) prefixes.push_back(route.prefix);
  }
  return prefixes;
}

}  // namespace zevi::broker

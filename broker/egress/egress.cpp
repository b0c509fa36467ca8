#include "egress.hpp"

#include <algorithm>
#include <utility>

#include "zevi/limits.hpp"

namespace zevi::broker {

namespace {

int stream_queue_max(const BrokerOptions& options) {
  return static_cast<int>(
      std::clamp<std::size_t>(options.subscriber_budget_bytes / limits::message_bytes_max, 1, 1'000'000));
}

int queue_max_of(const Route& route, const BrokerOptions& options) {
  if (route.queue_max != 0) return route.queue_max;
  return route.format == EventFormat::stream ? stream_queue_max(options) : options.events_queue_max;
}

}  // namespace

Egress::Egress(const BrokerOptions& options, zmq::context_t& context, const Security& security,
               const std::string& stream, const std::string& events, Counters& counters) {
  add(context, security.endpoint(stream, Role::subscribe),
      {"stream", "", EventFormat::stream, stream_queue_max(options), false}, counters);
  add(context, security.endpoint(events, Role::subscribe),
      {"events", "", EventFormat::events, options.events_queue_max, false}, counters);
  for (std::size_t i = 0; i < options.routes.size(); ++i) {
    const Route& route = options.routes[i];
    add(context, security.route_endpoint(route.endpoint, i),
        {"route " + (route.prefix.empty() ? "*" : route.prefix), route.prefix, route.format,
         queue_max_of(route, options), true},
        counters);
    if (route.also) continue;
    for (std::size_t k = 0; k < first_route; ++k) {
      outlets_[k]->leave_out(route.prefix);
      if (outlets_[k]->options().format == route.format) outlets_[k]->tell_of(*outlets_.back());
    }
  }
}

void Egress::add(zmq::context_t& context, const Endpoint& endpoint, Outlet::Options options,
                 Counters& counters) {
  outlets_.push_back(std::make_unique<Outlet>(context, endpoint, std::move(options), counters));
}

std::vector<std::string> Egress::route_endpoints() const {
  std::vector<std::string> endpoints;
  for (std::size_t i = first_route; i < outlets_.size(); ++i) {
    endpoints.push_back(outlets_[i]->endpoint());
  }
  return endpoints;
}

void Egress::ask(Gate& gate) {
  for (std::size_t i = 0; i < outlets_.size(); ++i) {
    outlets_[i]->socket().ask(gate, i < first_route ? std::nullopt : std::optional(i - first_route));
  }
}

void Egress::limit_prefixes(std::size_t most) {
  for (const auto& outlet : outlets_) outlet->socket().limit_prefixes(most);
}

void Egress::apply_access() {
  for (const auto& outlet : outlets_) outlet->socket().apply_access();
}

bool Egress::cut_slowest() {
  SubscriberConnections::Subscriber* slowest = nullptr;
  for (const auto& outlet : outlets_) {
    SubscriberConnections::Subscriber* const found = outlet->socket().slowest();
    if (found == nullptr) continue;
    if (slowest == nullptr || found->backlog.waiting_since_ns() < slowest->backlog.waiting_since_ns()) {
      slowest = found;
    }
  }
  if (slowest != nullptr) slowest->cut();
  return slowest != nullptr;
}

template <typename Count>
std::uint64_t Egress::sum_of_routes(Count count) const noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = first_route; i < outlets_.size(); ++i) sum += count(*outlets_[i]);
  return sum;
}

std::uint64_t Egress::route_subscriptions() const noexcept {
  return sum_of_routes([](const Outlet& route) { return route.socket().subscriptions(); });
}

std::uint64_t Egress::route_subscriptions(std::string_view prefix) const noexcept {
  return sum_of_routes([&](const Outlet& route) { return route.subscriptions_narrowed_to(prefix); });
}

std::uint64_t Egress::route_subscriptions_of_topic(std::string_view topic) const noexcept {
  return sum_of_routes([&](const Outlet& route) {
    return route.carries(topic) ? route.socket().subscriptions_of_topic(topic) : 0;
  });
}

}  // namespace zevi::broker

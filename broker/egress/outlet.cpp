#include "outlet.hpp"

#include <algorithm>
#include <utility>

#include "events_endpoint.hpp"
#include "json_endpoint.hpp"
#include "stream_endpoint.hpp"

namespace zevi::broker {

namespace {

std::unique_ptr<EgressFormat> make_format(EventFormat format, FanoutSocket& socket, Counters& counters) {
  switch (format) {
    case EventFormat::events:
      return std::make_unique<EventsEndpoint>(socket, counters);
    case EventFormat::json:
      return std::make_unique<JsonEndpoint>(socket, counters);
    case EventFormat::stream:
      break;
  }
  return std::make_unique<StreamEndpoint>(socket, counters);
}

}  // namespace

Outlet::Outlet(zmq::context_t& context, const Endpoint& endpoint, Options options, Counters& counters)
    : options_(std::move(options)),
      socket_(context, endpoint, options_.queue_max),
      endpoint_(socket_.endpoint()),
      format_(make_format(options_.format, socket_, counters)) {}

bool Outlet::carries(std::string_view topic) const noexcept {
  return topic.starts_with(options_.prefix) &&
         std::none_of(left_out_.begin(), left_out_.end(),
                      [topic](const std::string& prefix) { return topic.starts_with(prefix); });
}

void Outlet::tell_of(const Outlet& route) {
  told_of_.push_back(&route);
}

void Outlet::take(SequencedMessage& message) {
  if (carries(message.topic.name)) format_->take(message);
}

void Outlet::send_ready(std::string_view topic, wire::Ready ready) {
  for (const Outlet* const route : told_of_)
    ready.routes.push_back({route->options_.prefix, route->endpoint_});
  if (options_.is_route) ready.route = options_.prefix;
  format_->send_ready(topic, ready);
}

std::optional<std::string_view> Outlet::narrow(std::string_view prefix) const noexcept {
  const std::string_view own = options_.prefix;
  if (own.starts_with(prefix)) return own;
  if (!carries(prefix)) return std::nullopt;
  return prefix;
}

std::uint64_t Outlet::subscriptions_narrowed_to(std::string_view prefix) const noexcept {
  if (prefix == options_.prefix) return socket_.subscriptions_of_topic(prefix);
  return carries(prefix) ? socket_.subscriptions(prefix) : 0;
}

}  // namespace zevi::broker

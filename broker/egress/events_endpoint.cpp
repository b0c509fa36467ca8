#include "events_endpoint.hpp"

namespace zevi::broker {

void EventsEndpoint::take(SequencedMessage& message) {
  if (!fanout_.wants(message.topic.name)) return;
  const std::string_view body = message.body.to_string_view();
  // It was checked when it came in; this is the fastest way over it.
  if (!wire::check_body(body, message.header.n, places_)) return;
  std::uint64_t q = message.header.q;
  auto place = places_.cbegin();
  for (const wire::Run& run : message.header.r) {
    meta_.begin({.l = message.header.l,
                 .src = run.src,
                 .host = run.host,
                 .pid = run.pid,
                 .id = run.id,
                 .b = message.header.b});
    for (std::uint64_t i = 0; i < run.count && place != places_.cend(); ++i, ++place, ++q) {
      const std::string_view meta = meta_.next(q, run.p + i, place->time_ns);
      fanout_.send(message.topic.name, zmq::message_t(place->params(body)), zmq::message_t(meta));
    }
  }
  counters_.add(Counter::plain_messages, places_.size());
}

void EventsEndpoint::send_ready(std::string_view topic, const wire::Ready& ready) {
  fanout_.send_ready(topic, ready);
}

}  // namespace zevi::broker

#include "events_endpoint.hpp"

#include "zevi/wire/body.hpp"

namespace zevi::broker {

void EventsEndpoint::take(SequencedMessage& message) {
  if (!fanout_.wants(message.topic.name)) return;
  wire::BodyReader entries(message.body.to_string_view());
  wire::EventMeta meta;
  meta.b = message.header.b;
  meta.l = message.header.l;
  meta.q = message.header.q;
  for (const wire::Run& run : message.header.r) {
    meta.src = run.src;
    meta.host = run.host;
    meta.pid = run.pid;
    meta.id = run.id;
    meta.p = run.p;
    wire::Entry entry;
    for (std::uint32_t i = 0; i < run.count && entries.next(entry); ++i, ++meta.q, ++meta.p) {
      meta.time_ns = entry.time_ns;
      meta.time = static_cast<double>(entry.time_ns) * 1e-9;
      meta_.clear();
      wire::encode(meta, meta_);
      fanout_.send(message.topic.name, zmq::message_t(entry.params), zmq::message_t(meta_));
      counters_.add(Counter::plain_messages);
    }
  }
}

}  // namespace zevi::broker

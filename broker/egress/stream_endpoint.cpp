#include "stream_endpoint.hpp"

namespace zevi::broker {

void StreamEndpoint::take(SequencedMessage& message) {
  if (!fanout_.wants(message.topic.name)) return;
  zmq::message_t header;
  zmq::message_t body;
  header.copy(message.header_frame());
  body.copy(message.body);
  fanout_.send(message.topic.name, std::move(header), std::move(body));
  counters_.add(Counter::stream_messages);
}

void StreamEndpoint::send_ready(std::string_view topic, const wire::Ready& ready) {
  fanout_.send_ready(topic, ready);
}

}  // namespace zevi::broker

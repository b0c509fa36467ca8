#include "stream_endpoint.hpp"

namespace zevi::broker {

void StreamEndpoint::take(SequencedMessage& message) {
  if (!fanout_.wants(message.topic.name)) return;
  header_.clear();
  wire::encode(message.header, header_);
  zmq::message_t body;
  body.copy(message.body);
  fanout_.send(message.topic.name, zmq::message_t(header_), std::move(body));
  counters_.add(Counter::stream_messages);
}

}  // namespace zevi::broker

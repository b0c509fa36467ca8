#pragma once

#include <string_view>

#include "sequencing/sequencer.hpp"
#include "zevi/wire/subscriber_messages.hpp"

namespace zevi::broker {

/// Writes events, and the answers to barriers, as the subscribers of a socket read them.
class EgressFormat : public MessageSink {
 public:
  virtual void send_ready(std::string_view topic, const wire::Ready& ready) = 0;
};

}  // namespace zevi::broker

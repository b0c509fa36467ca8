#pragma once

#include "egress_format.hpp"
#include "fanout_socket.hpp"
#include "metrics/counters.hpp"

namespace zevi::broker {

/// `[topic][header][body]`, for libraries and bridges: a message goes out as it was sequenced.
class StreamEndpoint : public EgressFormat {
 public:
  StreamEndpoint(FanoutSocket& fanout, Counters& counters) : fanout_(fanout), counters_(counters) {}

  void take(SequencedMessage& message) override;
  void send_ready(std::string_view topic, const wire::Ready& ready) override;

 private:
  FanoutSocket& fanout_;
  Counters& counters_;
};

}  // namespace zevi::broker

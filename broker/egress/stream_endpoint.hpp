#pragma once

#include "fanout_socket.hpp"
#include "metrics/counters.hpp"
#include "sequencing/sequencer.hpp"

namespace zevi::broker {

/// `[topic][header][body]`, for libraries and bridges: a message goes out as it was sequenced.
class StreamEndpoint : public MessageSink {
 public:
  StreamEndpoint(FanoutSocket& fanout, Counters& counters) : fanout_(fanout), counters_(counters) {}

  void take(SequencedMessage& message) override;

 private:
  FanoutSocket& fanout_;
  Counters& counters_;
};

}  // namespace zevi::broker

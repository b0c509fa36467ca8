#pragma once

#include <string>

#include "fanout_socket.hpp"
#include "metrics/counters.hpp"
#include "sequencing/sequencer.hpp"

namespace zevi::broker {

/// `[topic][params][meta]`, for scripts: one event a message. Batches are split only for topics that somebody
/// reads here.
class EventsEndpoint : public MessageSink {
 public:
  EventsEndpoint(FanoutSocket& fanout, Counters& counters) : fanout_(fanout), counters_(counters) {}

  void take(SequencedMessage& message) override;

 private:
  FanoutSocket& fanout_;
  Counters& counters_;
  std::string meta_;
};

}  // namespace zevi::broker

#pragma once

#include <vector>

#include "fanout_socket.hpp"
#include "metrics/counters.hpp"
#include "sequencing/sequencer.hpp"
#include "zevi/wire/body.hpp"
#include "zevi/wire/event_meta_template.hpp"

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
  std::vector<wire::EntryPlace> places_;
  wire::EventMetaTemplate meta_;
};

}  // namespace zevi::broker

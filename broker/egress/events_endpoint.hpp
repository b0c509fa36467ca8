#pragma once

#include <vector>

#include "egress_format.hpp"
#include "fanout_socket.hpp"
#include "metrics/counters.hpp"
#include "zevi/wire/body.hpp"
#include "zevi/wire/event_meta_template.hpp"

namespace zevi::broker {

/// `[topic][params][meta]`, for scripts: one event a message. Batches are split only for topics that somebody
/// reads here.
class EventsEndpoint : public EgressFormat {
 public:
  EventsEndpoint(FanoutSocket& fanout, Counters& counters) : fanout_(fanout), counters_(counters) {}

  void take(SequencedMessage& message) override;
  void send_ready(std::string_view topic, const wire::Ready& ready) override;

 private:
  FanoutSocket& fanout_;
  Counters& counters_;
  std::vector<wire::EntryPlace> places_;
  wire::EventMetaTemplate meta_;
};

}  // namespace zevi::broker

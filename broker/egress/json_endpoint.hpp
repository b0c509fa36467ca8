#pragma once

#include <string>
#include <vector>

#include "egress_format.hpp"
#include "fanout_socket.hpp"
#include "metrics/counters.hpp"
#include "zevi/wire/body.hpp"

namespace zevi::broker {

/// One frame for each event, `TOPIC {...}`, for programs that read plain ZeroMQ and text.
class JsonEndpoint : public EgressFormat {
 public:
  JsonEndpoint(FanoutSocket& fanout, Counters& counters) : fanout_(fanout), counters_(counters) {}

  void take(SequencedMessage& message) override;
  void send_ready(std::string_view topic, const wire::Ready& ready) override;

 private:
  FanoutSocket& fanout_;
  Counters& counters_;
  std::vector<wire::EntryPlace> places_;
  std::string publisher_;  // what all events of a run say alike
  std::string line_;
};

}  // namespace zevi::broker

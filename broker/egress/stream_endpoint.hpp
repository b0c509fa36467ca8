#pragma once

#include <string>

#include "fanout_socket.hpp"
#include "metrics/counters.hpp"
#include "queue_limit.hpp"
#include "sequencing/sequencer.hpp"

namespace zevi::broker {

/// `[topic][header][body]`, for libraries and bridges: a message goes out as it was sequenced.
class StreamEndpoint : public MessageSink {
 public:
  /// What waits for one subscriber stays within `budget_bytes`.
  StreamEndpoint(FanoutSocket& fanout, std::size_t budget_bytes, Counters& counters)
      : fanout_(fanout), queue_limit_(budget_bytes), counters_(counters) {}

  void take(SequencedMessage& message) override;

 private:
  FanoutSocket& fanout_;
  QueueLimit queue_limit_;
  Counters& counters_;
  std::string header_;
};

}  // namespace zevi::broker

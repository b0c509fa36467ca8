#pragma once

#include <optional>
#include <string>
#include <zmq.hpp>

#include "zevi/subscriber.hpp"

namespace zevi::subscriber {

/// Tells the broker what did not reach this subscriber, so that an operator sees it: what libzmq drops at a
/// full queue is known to nobody else. A courtesy: it never waits, and what the broker does not take is not
/// told. The connection is made at the first loss.
class LossReport {
 public:
  /// Does nothing if the broker is not found by a runtime directory: then nobody knows where it is asked.
  LossReport(zmq::context_t& context, const SubscriberOptions& options);

  void tell(const Gap& gap) noexcept;

 private:
  void connect();
  void discard_answers();

  zmq::context_t& context_;
  const bool knows_broker_;
  const std::string runtime_dir_;
  std::optional<zmq::socket_t> socket_;
};

}  // namespace zevi::subscriber

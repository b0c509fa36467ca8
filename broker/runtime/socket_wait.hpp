#pragma once

#include <poll.h>

#include <vector>
#include <zmq.hpp>

#include "clock.hpp"

namespace zevi::broker {

/// Waits until a message arrives at one of some ZeroMQ sockets, a descriptor can be read, or it is time.
/// `zmq_poll` does so too, but waits in whole milliseconds and asks every socket twice.
class SocketWait {
 public:
  SocketWait(const std::vector<zmq::socket_ref>& sockets, int descriptor);

  /// True if the descriptor can be read.
  bool wait_until(SteadyTime time);

 private:
  std::vector<zmq::socket_ref> sockets_;
  std::vector<pollfd> watched_;
};

}  // namespace zevi::broker

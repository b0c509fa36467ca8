#pragma once

#include <string>
#include <vector>
#include <zmq.hpp>

#include "conversation.hpp"
#include "runtime/bind.hpp"

namespace zevi::broker {

/// The ROUTER that publishers are connected to.
class IngressSocket {
 public:
  IngressSocket(zmq::context_t& context, const Endpoint& endpoint);
  ~IngressSocket();
  IngressSocket(const IngressSocket&) = delete;
  IngressSocket& operator=(const IngressSocket&) = delete;

  [[nodiscard]] zmq::socket_ref socket() noexcept { return socket_; }
  [[nodiscard]] std::string endpoint() const { return socket_.get(zmq::sockopt::last_endpoint); }

  /// The next message of a publisher, if one has arrived: whose it is and its frames. Of a message with more
  /// frames than any message has, the rest is thrown away.
  [[nodiscard]] bool receive(std::string& routing_id, std::vector<zmq::message_t>& frames);

  /// Never blocks: what a peer has no room for is lost, and its next beat brings it again.
  void send(const Conversation::Answer& answer);

 private:
  zmq::socket_t socket_;
};

}  // namespace zevi::broker

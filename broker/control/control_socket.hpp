#pragma once

#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "runtime/bind.hpp"

namespace zevi::broker {

/// The ROUTER where programs ask the broker about itself.
class ControlSocket {
 public:
  ControlSocket(zmq::context_t& context, const Endpoint& endpoint);
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  [[nodiscard]] zmq::socket_ref socket() noexcept { return socket_; }
  [[nodiscard]] std::string endpoint() const { return socket_.get(zmq::sockopt::last_endpoint); }

  /// The next question, if one has arrived. Of one with more than two frames, the rest is thrown away.
  [[nodiscard]] bool receive(std::string& routing_id, std::vector<zmq::message_t>& frames);
  /// Never blocks: the answer to one that does not read, or is gone, is thrown away.
  void send(std::string_view routing_id, std::string_view answer);

 private:
  zmq::socket_t socket_;
};

}  // namespace zevi::broker

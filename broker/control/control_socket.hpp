#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "runtime/answer_queue.hpp"
#include "runtime/bind.hpp"
#include "runtime/string_map.hpp"

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
  /// Never blocks. False if whoever asked does not read its answers, so that this one is thrown away.
  [[nodiscard]] bool send(std::string_view routing_id, std::string_view answer);

 private:
  zmq::socket_t socket_;
  std::shared_ptr<AnswerQueue::Count> all_unread_ = std::make_shared<AnswerQueue::Count>(0);
  StringMap<AnswerQueue> unread_;  ///< by routing id: what libzmq still holds of those that have not read
};

}  // namespace zevi::broker

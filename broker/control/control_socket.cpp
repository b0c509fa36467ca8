#include "control_socket.hpp"

#include "runtime/router.hpp"
#include "zevi/limits.hpp"

namespace zevi::broker {

namespace {

/// Answers that may wait for one connection; how many bytes is up to its AnswerQueue.
constexpr int send_queue_max = 128;
constexpr int receive_queue_max = 64;
constexpr int linger_ms = 100;
/// One more than a question has, so that a longer message is seen to be too long.
constexpr std::size_t frames_kept_max = 2;

}  // namespace

ControlSocket::ControlSocket(zmq::context_t& context, const Endpoint& endpoint)
    : socket_(context, zmq::socket_type::router) {
  // Without it, a ROUTER throws away what there is no room for, and says nothing.
  socket_.set(zmq::sockopt::router_mandatory, 1);
  socket_.set(zmq::sockopt::sndhwm, send_queue_max);
  socket_.set(zmq::sockopt::rcvhwm, receive_queue_max);
  socket_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::control_frame_bytes_max));
  socket_.set(zmq::sockopt::linger, linger_ms);
  bind_to(socket_, endpoint);
}

ControlSocket::~ControlSocket() {
  unbind_inproc(socket_);
}

bool ControlSocket::receive(std::string& routing_id, std::vector<zmq::message_t>& frames) {
  return receive_from_peer(socket_, routing_id, frames, frames_kept_max);
}

ControlSocket::Address ControlSocket::address(std::string_view routing_id) {
  const int flags = ZMQ_SNDMORE | ZMQ_DONTWAIT;
  if (zmq_send(socket_.handle(), routing_id.data(), routing_id.size(), flags) >= 0) return Address::known;
  return zmq_errno() == EAGAIN ? Address::full : Address::gone;
}

bool ControlSocket::send(std::string_view routing_id, std::string_view answer) {
  std::erase_if(unread_, [](const auto& entry) { return entry.second.is_empty(); });
  AnswerQueue& queue = unread_.try_emplace(std::string(routing_id), all_unread_).first->second;
  if (!queue.has_room(answer.size())) return false;
  Address found = address(routing_id);
  if (found == Address::full) {
    // While questions come one upon another libzmq does not look whether answers were read; asked for events
    // it does.
    static_cast<void>(socket_.get(zmq::sockopt::events));
    found = address(routing_id);
  }
  if (found == Address::known) {
    zmq::message_t content(answer);
    socket_.send(queue.hold(content, answer.size()), zmq::send_flags::dontwait);
  }
  return found != Address::full;
}

}  // namespace zevi::broker

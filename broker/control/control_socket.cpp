#include "control_socket.hpp"

#include "runtime/router.hpp"
#include "zevi/limits.hpp"

namespace zevi::broker {

namespace {

/// Answers that may wait for one that does not read them, of 4 MiB at most.
constexpr int send_queue_max = 4;
constexpr int receive_queue_max = 64;
constexpr int linger_ms = 100;
/// One more than a question has, so that a longer message is seen to be too long.
constexpr std::size_t frames_kept_max = 2;

}  // namespace

ControlSocket::ControlSocket(zmq::context_t& context, const Endpoint& endpoint)
    : socket_(context, zmq::socket_type::router) {
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

void ControlSocket::send(std::string_view routing_id, std::string_view answer) {
  const int more = ZMQ_SNDMORE | ZMQ_DONTWAIT;
  if (zmq_send(socket_.handle(), routing_id.data(), routing_id.size(), more) < 0) return;
  zmq_send(socket_.handle(), answer.data(), answer.size(), ZMQ_DONTWAIT);
}

}  // namespace zevi::broker

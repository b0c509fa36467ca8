#include "ingress_socket.hpp"

#include "runtime/router.hpp"
#include "zevi/limits.hpp"

namespace zevi::broker {

namespace {

/// Messages that may wait to be read from one publisher; its resend window limits their bytes.
constexpr int receive_queue_max = 256;
/// The last acknowledgements leave within this time when the broker stops.
constexpr int linger_ms = 100;
/// One more than any message has, so that a longer one is seen to be too long.
constexpr std::size_t frames_kept_max = 3;

}  // namespace

IngressSocket::IngressSocket(zmq::context_t& context, const Endpoint& endpoint)
    : socket_(context, zmq::socket_type::router) {
  socket_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::ingress_frame_bytes_max));
  socket_.set(zmq::sockopt::rcvhwm, receive_queue_max);
  socket_.set(zmq::sockopt::linger, linger_ms);
  bind_to(socket_, endpoint);
}

IngressSocket::~IngressSocket() {
  unbind_inproc(socket_);
}

bool IngressSocket::receive(std::string& routing_id, std::vector<zmq::message_t>& frames) {
  return receive_from_peer(socket_, routing_id, frames, frames_kept_max);
}

void IngressSocket::send(const Conversation::Answer& answer) {
  socket_.send(zmq::buffer(answer.routing_id), zmq::send_flags::sndmore | zmq::send_flags::dontwait);
  socket_.send(zmq::buffer(answer.frame), zmq::send_flags::dontwait);
}

}  // namespace zevi::broker

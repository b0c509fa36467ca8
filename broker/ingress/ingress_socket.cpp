#include "ingress_socket.hpp"

#include "runtime/bind.hpp"
#include "zevi/limits.hpp"

namespace zevi::broker {

namespace {

/// Messages that may wait to be read from one publisher; its resend window limits their bytes.
constexpr int receive_queue_max = 256;
/// A peer that does not even finish its greeting holds a descriptor only this long (libzmq's default is 30
/// s).
constexpr int handshake_ms_max = 5000;
/// The last acknowledgements leave within this time when the broker stops.
constexpr int linger_ms = 100;
/// One more than any message has, so that a longer one is seen to be too long.
constexpr std::size_t frames_kept_max = 3;

}  // namespace

IngressSocket::IngressSocket(zmq::context_t& context, const std::string& endpoint)
    : socket_(context, zmq::socket_type::router) {
  socket_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::ingress_frame_bytes_max));
  socket_.set(zmq::sockopt::rcvhwm, receive_queue_max);
  socket_.set(zmq::sockopt::handshake_ivl, handshake_ms_max);
  socket_.set(zmq::sockopt::linger, linger_ms);
  bind(socket_, endpoint);
}

IngressSocket::~IngressSocket() {
  unbind_inproc(socket_);
}

bool IngressSocket::receive(std::string& routing_id, std::vector<zmq::message_t>& frames) {
  frames.clear();
  zmq::message_t frame;
  if (!socket_.recv(frame, zmq::recv_flags::dontwait)) return false;
  routing_id.assign(frame.to_string_view());
  for (bool more = frame.more(); more;) {
    // The frames of one message arrive together, so this never waits.
    if (!socket_.recv(frame, zmq::recv_flags::none)) break;
    more = frame.more();
    if (frames.size() < frames_kept_max) frames.push_back(std::move(frame));
  }
  return true;
}

void IngressSocket::send(const Conversation::Answer& answer) {
  socket_.send(zmq::buffer(answer.routing_id), zmq::send_flags::sndmore | zmq::send_flags::dontwait);
  socket_.send(zmq::buffer(answer.frame), zmq::send_flags::dontwait);
}

}  // namespace zevi::broker

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

bool ControlSocket::send(std::string_view routing_id, std::string_view answer) {
  std::erase_if(unread_, [](const auto& entry) { return entry.second.is_empty(); });
  AnswerQueue& queue = unread_.try_emplace(std::string(routing_id), all_unread_).first->second;
  if (!queue.has_room(answer.size())) return false;
  const Sent result = address_peer(socket_, routing_id);
  if (result == Sent::sent) {
    zmq::message_t content(answer);
    socket_.send(queue.hold(content, answer.size()), zmq::send_flags::dontwait);
  }
  return result != Sent::full;
}

}  // namespace zevi::broker

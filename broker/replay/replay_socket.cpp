#include "replay_socket.hpp"

#include "zevi/limits.hpp"

namespace zevi::broker {

namespace {

/// Messages of an answer that may wait for one reader: 4 MiB of those of full size.
constexpr int send_queue_max = 64;
/// Questions of one reader that wait to be read.
constexpr int receive_queue_max = 4;
constexpr int linger_ms = 100;
/// One more than a question has, so that a longer message is seen to be too long.
constexpr std::size_t frames_kept_max = 2;

}  // namespace

ReplaySocket::ReplaySocket(zmq::context_t& context, const Endpoint& endpoint)
    : socket_(context, zmq::socket_type::router) {
  socket_.set(zmq::sockopt::router_mandatory, 1);
  socket_.set(zmq::sockopt::sndhwm, send_queue_max);
  socket_.set(zmq::sockopt::rcvhwm, receive_queue_max);
  socket_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::replay_frame_bytes_max));
  socket_.set(zmq::sockopt::linger, linger_ms);
  bind_to(socket_, endpoint);
}

ReplaySocket::~ReplaySocket() {
  unbind_inproc(socket_);
}

bool ReplaySocket::receive(Incoming& incoming) {
  return receive_from_peer(socket_, incoming.routing_id, incoming.frames, frames_kept_max);
}

Sent ReplaySocket::send(std::string_view routing_id, AnswerQueue& queue, std::string_view head,
                        std::string_view topic, StoredMessage& message) {
  const std::size_t bytes = message.header.size() + message.body.size();
  if (!queue.has_room(bytes)) return Sent::full;
  const Sent result = address_peer(socket_, routing_id);
  if (result != Sent::sent) return result;
  zmq::message_t header;
  header.copy(message.header);
  zmq::message_t body = queue.hold(message.body, bytes);
  // The mark counts whole messages, so the frames behind the address find room; if the reader leaves
  // meanwhile, libzmq throws them away.
  socket_.send(zmq::message_t(head), zmq::send_flags::sndmore | zmq::send_flags::dontwait);
  socket_.send(zmq::message_t(topic), zmq::send_flags::sndmore | zmq::send_flags::dontwait);
  socket_.send(header, zmq::send_flags::sndmore | zmq::send_flags::dontwait);
  socket_.send(body, zmq::send_flags::dontwait);
  return Sent::sent;
}

Sent ReplaySocket::send(std::string_view routing_id, AnswerQueue& queue, std::string_view end) {
  if (!queue.has_room(end.size())) return Sent::full;
  const Sent result = address_peer(socket_, routing_id);
  if (result != Sent::sent) return result;
  zmq::message_t content(end);
  socket_.send(queue.hold(content, end.size()), zmq::send_flags::dontwait);
  return Sent::sent;
}

Sent ReplaySocket::send(std::string_view routing_id, std::string_view refusal) {
  const Sent result = address_peer(socket_, routing_id);
  if (result == Sent::sent) socket_.send(zmq::message_t(refusal), zmq::send_flags::dontwait);
  return result;
}

}  // namespace zevi::broker

#include "router.hpp"

#include <utility>

namespace zevi::broker {

bool receive_from_peer(zmq::socket_ref router, std::string& routing_id, std::vector<zmq::message_t>& frames,
                       std::size_t frames_max) {
  frames.clear();
  zmq::message_t frame;
  if (!router.recv(frame, zmq::recv_flags::dontwait)) return false;
  routing_id.assign(frame.to_string_view());
  for (bool more = frame.more(); more;) {
    // The frames of one message arrive together, so this never waits.
    if (!router.recv(frame, zmq::recv_flags::none)) break;
    more = frame.more();
    if (frames.size() < frames_max) frames.push_back(std::move(frame));
  }
  return true;
}

Sent address_peer(zmq::socket_ref router, std::string_view routing_id) {
  const auto address = [&] {
    const int flags = ZMQ_SNDMORE | ZMQ_DONTWAIT;
    if (zmq_send(router.handle(), routing_id.data(), routing_id.size(), flags) >= 0) return Sent::sent;
    return zmq_errno() == EAGAIN ? Sent::full : Sent::left;
  };
  const Sent result = address();
  if (result != Sent::full) return result;
  // While much is sent at once libzmq does not look whether the peer has read; asked for events it does.
  static_cast<void>(router.get(zmq::sockopt::events));
  return address();
}

}  // namespace zevi::broker

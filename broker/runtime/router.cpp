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

}  // namespace zevi::broker

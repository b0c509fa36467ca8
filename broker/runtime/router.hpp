#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

namespace zevi::broker {

/// The next message that has arrived at a ROUTER: whose it is and its frames, of which those behind the first
/// `frames_max` are thrown away. False if there is none.
[[nodiscard]] bool receive_from_peer(zmq::socket_ref router, std::string& routing_id,
                                     std::vector<zmq::message_t>& frames, std::size_t frames_max);

enum class Sent : std::uint8_t {
  sent,
  full,  ///< the peer does not keep up; try again later
  left,  ///< the peer is gone
};

/// What follows goes to this peer, if it is `sent`. The ROUTER has ZMQ_ROUTER_MANDATORY: without it libzmq
/// throws away what a peer has no room for, and says nothing.
[[nodiscard]] Sent address_peer(zmq::socket_ref router, std::string_view routing_id);

}  // namespace zevi::broker

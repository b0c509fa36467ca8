#pragma once

#include <cstddef>
#include <string>
#include <vector>
#include <zmq.hpp>

namespace zevi::broker {

/// The next message that has arrived at a ROUTER: whose it is and its frames, of which those behind the first
/// `frames_max` are thrown away. False if there is none.
[[nodiscard]] bool receive_from_peer(zmq::socket_ref router, std::string& routing_id,
                                     std::vector<zmq::message_t>& frames, std::size_t frames_max);

}  // namespace zevi::broker

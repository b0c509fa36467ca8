#pragma once

#include <string_view>
#include <zmq.hpp>

#include "zevi/curve_keys.hpp"

namespace zevi::subscriber {

/// To be called before `socket` is connected to `endpoint`.
inline void use_curve(zmq::socket_t& socket, const CurveClient& curve, std::string_view endpoint) {
  if (!curve.is_for(endpoint)) return;
  socket.set(zmq::sockopt::curve_serverkey, curve.server_key);
  socket.set(zmq::sockopt::curve_publickey, curve.own.public_key);
  socket.set(zmq::sockopt::curve_secretkey, curve.own.secret_key);
}

}  // namespace zevi::subscriber

#pragma once

#include <string>
#include <zmq.hpp>

namespace zevi::broker {

/// Binds and, for `ipc://`, sets the socket file's mode to 0660. A socket file that nobody listens on any
/// more is taken over. A peer that does not finish its greeting within 5 s is cut off. Throws `zevi::Error`
/// with the remedy, also when somebody listens: libzmq would take the path away.
void bind_to(zmq::socket_ref socket, const std::string& endpoint);

/// Gives up an `inproc://` name. libzmq frees the names of a closed socket some time later, so that a broker
/// that starts again at once would find its own taken.
void unbind_inproc(zmq::socket_ref socket) noexcept;

/// The path of an `ipc://` endpoint; empty for other endpoints and for those that are no file of a fixed
/// name.
[[nodiscard]] std::string socket_path(const std::string& endpoint);

}  // namespace zevi::broker

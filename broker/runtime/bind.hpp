#pragma once

#include <string>
#include <zmq.hpp>

namespace zevi::broker {

/// Binds and, for `ipc://`, sets the socket file's mode to 0660. A socket file that nobody listens on any
/// more is taken over. A peer that does not finish its greeting within 5 s is cut off. Throws `zevi::Error`
/// with the remedy, also when somebody listens: libzmq would take the path away.
void bind(zmq::socket_t& socket, const std::string& endpoint);

/// Gives up an `inproc://` name. libzmq frees the names of a closed socket some time later, so that a broker
/// that starts again at once would find its own taken.
void unbind_inproc(zmq::socket_ref socket) noexcept;

/// Removes the socket file of an `ipc://` endpoint that was bound; libzmq leaves it behind.
void remove_socket_file(const std::string& endpoint) noexcept;

}  // namespace zevi::broker

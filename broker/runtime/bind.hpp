#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <zmq.hpp>

namespace zevi::broker {

/// Where a socket listens, and who may come in.
struct Endpoint {
  Endpoint(std::string at) : address(std::move(at)) {}  // NOLINT(google-explicit-constructor)
  Endpoint(const char* at) : address(at) {}             // NOLINT(google-explicit-constructor)

  std::string address;  ///< as ZeroMQ writes it: `ipc://PATH`, `tcp://HOST:PORT`, `inproc://NAME`
  mode_t mode = 0660;   ///< of the file of an `ipc://` socket
  std::optional<gid_t> group{};
  std::string zap_domain{};        ///< empty: the gate is not asked
  std::string curve_secret_key{};  ///< of `tcp://`; empty: no CURVE
};

/// Binds and, for `ipc://`, sets the socket file's group and mode. A socket file that nobody listens on any
/// more is taken over. A peer that does not finish its greeting within 5 s is cut off. Throws `zevi::Error`
/// with the remedy, also when somebody listens: libzmq would take the path away.
void bind_to(zmq::socket_ref socket, const Endpoint& endpoint);

/// Gives up an `inproc://` name. libzmq frees the names of a closed socket some time later, so that a broker
/// that starts again at once would find its own taken.
void unbind_inproc(zmq::socket_ref socket) noexcept;

/// The path of an `ipc://` endpoint; empty for other endpoints and for those that are no file of a fixed
/// name.
[[nodiscard]] std::string socket_path(const std::string& endpoint);

}  // namespace zevi::broker

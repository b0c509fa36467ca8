#include "bind.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "zevi/error.hpp"

namespace zevi::broker {

namespace {

/// libzmq's default is 30 s, for which each such peer holds a descriptor.
constexpr int handshake_ms_max = 5000;
constexpr std::string_view ipc_scheme = "ipc://";

bool somebody_listens(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) return false;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  const int connected = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  // A full backlog (EAGAIN) has a listener as well.
  const bool listens = connected == 0 || errno == EAGAIN || errno == EINPROGRESS;
  close(fd);
  return listens;
}

void set_access(const std::string& path, const Endpoint& endpoint) {
  if (endpoint.group && chown(path.c_str(), static_cast<uid_t>(-1), *endpoint.group) != 0) {
    throw Error("cannot give " + path + " to the group: " + std::strerror(errno) +
                "; the broker's user must be a member of it");
  }
  if (chmod(path.c_str(), endpoint.mode) != 0) {
    throw Error("cannot set the mode of " + path + ": check the owner of its directory");
  }
}

}  // namespace

std::string socket_path(const std::string& endpoint) {
  if (!endpoint.starts_with(ipc_scheme)) return {};
  std::string path = endpoint.substr(ipc_scheme.size());
  return path.starts_with('@') || path == "*" ? std::string() : path;
}

void bind_to(zmq::socket_ref socket, const Endpoint& endpoint) {
  const std::string path = socket_path(endpoint.address);
  if (!path.empty() && somebody_listens(path)) {
    throw Error("cannot bind " + endpoint.address +
                ": another program listens there; stop it or choose another endpoint");
  }
  socket.set(zmq::sockopt::handshake_ivl, handshake_ms_max);
  if (!endpoint.zap_domain.empty()) socket.set(zmq::sockopt::zap_domain, endpoint.zap_domain);
  if (endpoint.address.starts_with("tcp://") && !endpoint.curve_secret_key.empty()) {
    socket.set(zmq::sockopt::curve_server, 1);
    socket.set(zmq::sockopt::curve_secretkey, endpoint.curve_secret_key);
  }
  try {
    socket.bind(endpoint.address);
  } catch (const zmq::error_t& error) {
    throw Error("cannot bind " + endpoint.address + ": " + error.what() +
                "; check that its directory exists and that nobody else uses it, or choose another endpoint");
  }
  if (!path.empty()) set_access(path, endpoint);
}

void unbind_inproc(zmq::socket_ref socket) noexcept {
  char endpoint[256] = {};
  std::size_t bytes = sizeof endpoint;
  // Fails when the context has ended, and the name with it.
  if (zmq_getsockopt(socket.handle(), ZMQ_LAST_ENDPOINT, endpoint, &bytes) != 0) return;
  if (std::string_view(endpoint).starts_with("inproc://")) zmq_unbind(socket.handle(), endpoint);
}

}  // namespace zevi::broker

#include "datagram_socket.hpp"

#include <cerrno>
#include <cstring>

#include "zevi/error.hpp"

namespace zevi::ingest {

namespace {

/// Seconds of a busy OpenSIPS, for the moments in which the reading thread is not scheduled.
constexpr int receive_buffer_bytes = 8 * 1024 * 1024;

void set_option(int fd, int option, int value) {
  setsockopt(fd, SOL_SOCKET, option, &value, sizeof value);
}

}  // namespace

DatagramSocket::DatagramSocket(const Address& address, unsigned mode) : address_(address) {
  if (address.transport == Transport::unix_path) {
    path_.emplace(address.path);
    fd_ = Descriptor(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd_) throw Error("cannot make a socket: " + std::string(std::strerror(errno)));
    path_->bind(fd_.get(), mode);
  } else {
    const SocketAddress at = resolve(address);
    fd_ = Descriptor(socket(at.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd_ || bind(fd_.get(), at.get(), at.size) != 0) {
      throw Error("cannot listen at " + to_string(address) + ": " + std::strerror(errno) +
                  "; choose another port or address");
    }
    address_ = numeric(Transport::udp, bound_address(fd_.get()));
    set_option(fd_.get(), SO_RXQ_OVFL, 1);
  }
  // The second goes beyond net.core.rmem_max and is for root alone.
  set_option(fd_.get(), SO_RCVBUF, receive_buffer_bytes);
  set_option(fd_.get(), SO_RCVBUFFORCE, receive_buffer_bytes);
  name_ = to_string(address_);
}

void DatagramSocket::remove_path() noexcept {
  if (path_) path_->remove();
}

}  // namespace zevi::ingest

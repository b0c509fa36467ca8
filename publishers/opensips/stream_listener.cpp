#include "stream_listener.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <cstring>

#include "zevi/error.hpp"

namespace zevi::ingest {

namespace {

constexpr int backlog = 64;

}  // namespace

StreamListener::StreamListener(const Address& address) {
  const SocketAddress at = resolve(address);
  fd_ = Descriptor(socket(at.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (fd_) setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!fd_ || bind(fd_.get(), at.get(), at.size) != 0 || listen(fd_.get(), backlog) != 0) {
    throw Error("cannot listen at " + to_string(address) + ": " + std::strerror(errno) +
                "; choose another port or address");
  }
  address_ = numeric(Transport::tcp, bound_address(fd_.get()));
}

Descriptor StreamListener::accept(std::string& peer) const {
  SocketAddress from;
  from.size = sizeof from.storage;
  Descriptor connection(accept4(fd_.get(), from.get(), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!connection) return connection;
  const int on = 1;
  // Answers are small and must not wait for one another; a peer that vanished without a word is noticed.
  setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(connection.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  peer = to_string(numeric(Transport::tcp, from));
  return connection;
}

}  // namespace zevi::ingest

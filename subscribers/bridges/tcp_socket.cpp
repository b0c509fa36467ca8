#include "tcp_socket.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

using Clock = TcpSocket::Clock;
using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

int milliseconds_until(Clock::time_point deadline) {
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
  return static_cast<int>(std::max(left, milliseconds(0)).count());
}

Addresses addresses_of(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (code != 0) throw Error("cannot find " + host + ":" + port + ": " + gai_strerror(code));
  return {found, &freeaddrinfo};
}

/// 0, or why it is not connected.
int connect_by(int fd, const addrinfo& address, Clock::time_point deadline) {
  if (connect(fd, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd item{fd, POLLOUT, 0};
  if (poll(&item, 1, milliseconds_until(deadline)) <= 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

TcpSocket::TcpSocket(const std::string& host, const std::string& port, Clock::time_point deadline) {
  const Addresses addresses = addresses_of(host, port);
  int error = 0;
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    const int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    error = fd < 0 ? errno : connect_by(fd, *address, deadline);
    if (fd >= 0 && error == 0) {
      fd_ = fd;
      watch();
      return;
    }
    if (fd >= 0) ::close(fd);
  }
  throw Error("cannot connect to " + host + ":" + port + ": " + std::generic_category().message(error));
}

TcpSocket::~TcpSocket() {
  ::close(fd_);
  ::close(ready_);
}

void TcpSocket::watch() {
  const int on = 1;
  static_cast<void>(setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
  ready_ = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {}};
  if (ready_ >= 0 && epoll_ctl(ready_, EPOLL_CTL_ADD, fd_, &event) == 0) return;
  ::close(fd_);
  if (ready_ >= 0) ::close(ready_);
  throw Error("cannot watch a connection: out of file descriptors or memory");
}

void TcpSocket::ask_for_room(bool is_wanted) {
  if (is_wanted == asks_for_room_) return;
  asks_for_room_ = is_wanted;
  epoll_event event{.events = EPOLLIN | (is_wanted ? std::uint32_t{EPOLLOUT} : 0U), .data = {}};
  static_cast<void>(epoll_ctl(ready_, EPOLL_CTL_MOD, fd_, &event));
}

void TcpSocket::wait(Clock::time_point deadline) const {
  pollfd item{ready_, POLLIN, 0};
  if (poll(&item, 1, milliseconds_until(deadline)) == 0) throw Error("no answer within two seconds");
}

}  // namespace zevi::bridges

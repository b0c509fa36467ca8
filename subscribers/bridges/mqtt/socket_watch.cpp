#include "socket_watch.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <cstdint>

#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

constexpr const char* nothing_left = "cannot watch a connection: out of file descriptors or memory";

}  // namespace

SocketWatch::SocketWatch() : set_(epoll_create1(EPOLL_CLOEXEC)) {
  if (set_ < 0) throw Error(nothing_left);
}

SocketWatch::~SocketWatch() {
  ::close(set_);
}

void SocketWatch::watch(int socket) {
  socket_ = socket;
  epoll_event event{.events = EPOLLIN, .data = {}};
  if (epoll_ctl(set_, EPOLL_CTL_ADD, socket_, &event) != 0) throw Error(nothing_left);
}

void SocketWatch::ask_for_room(bool is_wanted) {
  if (is_wanted == asks_for_room_) return;
  asks_for_room_ = is_wanted;
  epoll_event event{.events = EPOLLIN | (is_wanted ? std::uint32_t{EPOLLOUT} : 0U), .data = {}};
  static_cast<void>(epoll_ctl(set_, EPOLL_CTL_MOD, socket_, &event));
}

}  // namespace zevi::bridges

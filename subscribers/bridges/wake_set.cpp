#include "wake_set.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>

#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

bool add(int set, int fd) {
  epoll_event event{.events = EPOLLIN, .data = {}};
  return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0;
}

}  // namespace

WakeSet::WakeSet(std::initializer_list<int> fds) : set_(epoll_create1(EPOLL_CLOEXEC)) {
  if (set_ < 0 || !std::all_of(fds.begin(), fds.end(), [this](int fd) { return add(set_, fd); })) {
    throw Error("cannot watch for signals: out of file descriptors or memory");
  }
}

WakeSet::~WakeSet() {
  ::close(set_);
}

void WakeSet::watch(int fd) {
  // A descriptor that was closed has left the set by itself.
  if (watched_ >= 0) static_cast<void>(epoll_ctl(set_, EPOLL_CTL_DEL, watched_, nullptr));
  watched_ = fd;
  if (fd >= 0 && !add(set_, fd)) throw Error("cannot watch a connection: out of file descriptors or memory");
}

void WakeSet::wait(std::chrono::milliseconds at_most) const {
  pollfd item{set_, POLLIN, 0};
  static_cast<void>(poll(&item, 1, static_cast<int>(at_most.count())));
}

}  // namespace zevi::bridges

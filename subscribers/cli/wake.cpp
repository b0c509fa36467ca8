#include "wake.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include "zevi/error.hpp"

namespace zevi::cli {

Wake::Wake(int stop_fd, int output_fd) : fd_(epoll_create1(EPOLL_CLOEXEC)) {
  epoll_event stop{.events = EPOLLIN, .data = {}};
  if (fd_ < 0 || epoll_ctl(fd_, EPOLL_CTL_ADD, stop_fd, &stop) != 0) {
    throw Error("cannot watch for signals: out of file descriptors or memory");
  }
  // Errors and hang-ups are reported unasked. It fails for a file, which has no reader to lose.
  epoll_event closed{.events = 0, .data = {}};
  static_cast<void>(epoll_ctl(fd_, EPOLL_CTL_ADD, output_fd, &closed));
}

Wake::~Wake() {
  close(fd_);
}

}  // namespace zevi::cli

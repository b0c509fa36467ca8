#include "event_fd.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include "zevi/error.hpp"

namespace zevi::bridges {

EventFd::EventFd() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (fd_ < 0) throw Error("cannot make an eventfd: out of file descriptors");
}

EventFd::~EventFd() {
  close(fd_);
}

void EventFd::raise() noexcept {
  eventfd_write(fd_, 1);
}

std::uint64_t EventFd::take() noexcept {
  eventfd_t count = 0;
  return eventfd_read(fd_, &count) == 0 ? count : 0;
}

}  // namespace zevi::bridges

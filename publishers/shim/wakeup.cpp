#include "wakeup.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "zevi/error.hpp"

namespace zevi::shim {

Wakeup::Wakeup() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (event_ < 0) throw Error(std::string("cannot make an eventfd: ") + std::strerror(errno));
}

Wakeup::~Wakeup() {
  close(event_);
}

void Wakeup::wake() noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(!write(event_, &one, sizeof one));
}

bool Wakeup::wait(int socket, std::chrono::nanoseconds at_most) noexcept {
  pollfd watched[] = {{event_, POLLIN, 0}, {socket, POLLIN, 0}};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at_most);
  timespec limit{};
  limit.tv_sec = seconds.count();
  limit.tv_nsec = (at_most - seconds).count();
  if (at_most.count() < 0) limit = timespec{};
  if (ppoll(watched, 2, &limit, nullptr) <= 0 || (watched[0].revents & POLLIN) == 0) return false;
  std::uint64_t count = 0;
  return read(event_, &count, sizeof count) > 0;
}

}  // namespace zevi::shim

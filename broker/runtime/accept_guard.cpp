#include "accept_guard.hpp"

#include <dlfcn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

namespace zevi::broker {

namespace {

using Accept = int(int, sockaddr*, socklen_t*, int);

// libzmq's I/O thread counts here; it knows no object of ours.
std::atomic<std::uint64_t> refused{0};

Accept* accept_of_the_c_library() noexcept {
  static auto* const found = reinterpret_cast<Accept*>(dlsym(RTLD_NEXT, "accept4"));
  return found;
}

std::uint64_t descriptors_kept_back(std::uint64_t descriptors_max) noexcept {
  return std::max<std::uint64_t>(descriptors_max / 8, 32);
}

/// The lowest free number is taken for each new descriptor, so a number says how many are in use.
bool is_kept_back(int fd) noexcept {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  return static_cast<std::uint64_t>(fd) + descriptors_kept_back(limit.rlim_cur) >= limit.rlim_cur;
}

int refuse() noexcept {
  refused.fetch_add(1, std::memory_order_relaxed);
  errno = ECONNABORTED;
  return -1;
}

}  // namespace

std::uint64_t connections_refused() noexcept {
  return refused.load(std::memory_order_relaxed);
}

}  // namespace zevi::broker

extern "C" __attribute__((visibility("default"))) int accept4(int listener, sockaddr* address,
                                                              socklen_t* address_bytes, int flags) {
  const int fd = zevi::broker::accept_of_the_c_library()(listener, address, address_bytes, flags);
  if (fd < 0) {
    const bool is_exhausted = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    return is_exhausted ? zevi::broker::refuse() : fd;
  }
  if (!zevi::broker::is_kept_back(fd)) return fd;
  close(fd);
  return zevi::broker::refuse();
}

#pragma once

#include <cstdint>

namespace zevi::bridges {

/// How one thread tells another something that can be waited for together with descriptors. Any thread.
class EventFd {
 public:
  /// Throws `zevi::Error` if there is no descriptor left.
  EventFd();
  ~EventFd();
  EventFd(const EventFd&) = delete;
  EventFd& operator=(const EventFd&) = delete;

  void raise() noexcept;
  /// How often it was raised since this was last asked.
  [[nodiscard]] std::uint64_t take() noexcept;
  /// Readable while there is something to take.
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace zevi::bridges

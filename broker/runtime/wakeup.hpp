#pragma once

namespace zevi::broker {

/// Wakes a thread that polls `fd()`. `signal` may be called from any thread and from a signal handler.
class Wakeup {
 public:
  Wakeup();
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_; }
  void signal() noexcept;
  /// What was signalled so far has been noticed.
  void clear() noexcept;

 private:
  int fd_;
};

}  // namespace zevi::broker

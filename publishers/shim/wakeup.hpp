#pragma once

#include <atomic>
#include <chrono>

namespace zevi::shim {

/// How publishing threads wake the flusher, at the cost of a system call only when it sleeps.
///
/// The flusher says that it is about to sleep, looks at all rings once more, and sleeps; a publishing thread
/// makes its event visible and then looks whether the flusher sleeps. Both are sequentially consistent, so at
/// least one of them sees the other.
class Wakeup {
 public:
  /// Throws `zevi::Error` if the system gives no eventfd.
  Wakeup();
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  // Any thread.

  /// Wakes the flusher if it sleeps until there are events.
  void wake_if_sleeping() noexcept {
    if (sleeping_.load(std::memory_order_seq_cst) && sleeping_.exchange(false)) wake();
  }
  /// Wakes it from collecting a burst too, since a ring fills faster than it looks. Once for each look.
  void hurry() noexcept {
    if (!is_hurried_.load(std::memory_order_relaxed) && !is_hurried_.exchange(true)) wake();
  }
  /// Wakes it from any sleep.
  void wake() noexcept;

  // The flusher.

  void about_to_sleep() noexcept { sleeping_.store(true, std::memory_order_seq_cst); }
  void awake() noexcept { sleeping_.store(false, std::memory_order_relaxed); }
  /// All rings have been emptied.
  void has_looked() noexcept { is_hurried_.store(false, std::memory_order_relaxed); }

  /// Waits until `socket` can be read, `wake` was called, or the time is up, whichever comes first. True if
  /// `wake` was called.
  bool wait(int socket, std::chrono::nanoseconds at_most) noexcept;

 private:
  std::atomic<bool> sleeping_{false};
  std::atomic<bool> is_hurried_{false};
  int event_;
};

}  // namespace zevi::shim

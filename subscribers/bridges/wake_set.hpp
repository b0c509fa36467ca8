#pragma once

#include <chrono>

namespace zevi::bridges {

/// One descriptor that is readable when the program is to stop or the bus has something to say.
class WakeSet {
 public:
  explicit WakeSet(int stop_fd);
  ~WakeSet();
  WakeSet(const WakeSet&) = delete;
  WakeSet& operator=(const WakeSet&) = delete;

  /// Watches `fd` instead of the one before; -1 for none.
  void watch(int fd);
  [[nodiscard]] int fd() const noexcept { return set_; }
  /// Waits until it is readable, at most so long.
  void wait(std::chrono::milliseconds at_most) const;

 private:
  const int set_;
  int watched_ = -1;
};

}  // namespace zevi::bridges

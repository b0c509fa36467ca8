#pragma once

#include <chrono>
#include <initializer_list>

namespace zevi::bridges {

/// One descriptor that is readable when something is asked of the bridge or the bus has something to say.
class WakeSet {
 public:
  WakeSet(std::initializer_list<int> fds);
  ~WakeSet();
  WakeSet(const WakeSet&) = delete;
  WakeSet& operator=(const WakeSet&) = delete;

  /// Watches `fd` beside them, instead of the one before; -1 for none.
  void watch(int fd);
  [[nodiscard]] int fd() const noexcept { return set_; }
  /// Waits until it is readable, at most so long.
  void wait(std::chrono::milliseconds at_most) const;

 private:
  const int set_;
  int watched_ = -1;
};

}  // namespace zevi::bridges

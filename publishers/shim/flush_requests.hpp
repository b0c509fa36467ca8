#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace zevi::shim {

/// How threads that wait for their events to be acknowledged meet the flusher. A request is fulfilled when
/// all that the rings held at some moment after it was made has been acknowledged.
class FlushRequests {
 public:
  /// Any thread.
  [[nodiscard]] std::uint64_t make() noexcept { return made_.fetch_add(1, std::memory_order_acq_rel) + 1; }
  [[nodiscard]] bool wait(std::uint64_t request, std::chrono::nanoseconds timeout) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [&] { return fulfilled_ >= request; });
  }

  /// The flusher: the newest request, and that it and all before it are fulfilled.
  [[nodiscard]] std::uint64_t newest() const noexcept { return made_.load(std::memory_order_acquire); }
  void fulfil(std::uint64_t request) {
    const std::lock_guard lock(mutex_);
    fulfilled_ = request;
    changed_.notify_all();
  }

 private:
  std::atomic<std::uint64_t> made_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t fulfilled_ = 0;
};

}  // namespace zevi::shim

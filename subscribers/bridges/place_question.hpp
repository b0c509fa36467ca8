#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "event_fd.hpp"
#include "zevi/subscriber.hpp"

namespace zevi::bridges {

/// How far a bridge has come: what is behind `read`, and what before it has not been acknowledged.
struct Progress {
  Subscriber::Place read;
  std::uint64_t unacknowledged = 0;
};

/// Another thread asks how far the runner has come, and the runner answers between two rounds. A place is too
/// dear to be noted in every round.
class PlaceQuestion {
 public:
  // The asking thread; one at a time.
  void ask() noexcept;
  /// Nothing if there is no answer until then, or nobody to give one.
  [[nodiscard]] std::optional<Progress> wait_until(std::chrono::steady_clock::time_point deadline);

  // The runner.
  void begin_answering();
  void end_answering() noexcept;
  /// Readable while an answer is waited for.
  [[nodiscard]] int fd() const noexcept { return asked_.fd(); }
  [[nodiscard]] bool is_asked() const noexcept { return is_asked_.load(std::memory_order_acquire); }
  void answer(Progress progress);

 private:
  EventFd asked_;
  std::atomic<bool> is_asked_ = false;
  std::mutex mutex_;  // for what follows
  std::condition_variable changed_;
  bool is_answering_ = false;
  std::optional<Progress> answer_;
};

}  // namespace zevi::bridges

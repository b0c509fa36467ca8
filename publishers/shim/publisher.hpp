#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

#include "options.hpp"
#include "topics.hpp"
#include "zevi/publisher.h"

namespace zevi::shim {

class Lane;
class Session;

/// What a `zevi_publisher` handle points to: what is the same in a process and in the children it forks,
/// options and topics, and the session, which each process has of its own.
class Publisher {
 public:
  /// Throws `zevi::Error` if the session cannot be started.
  explicit Publisher(Options options);
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  [[nodiscard]] const Options& options() const noexcept { return options_; }
  [[nodiscard]] Topics& topics() noexcept { return topics_; }
  [[nodiscard]] std::uint64_t serial() const noexcept { return serial_.load(std::memory_order_relaxed); }

  /// A lane for the calling thread, which has none in this process yet; starts the session of a child.
  [[nodiscard]] zevi_status make_lane(Lane*& lane) noexcept;

  /// Counts an event for whose thread no lane could be made. Its topic's number stays as it was, so that only
  /// this process's statistics tell.
  void count_without_lane(zevi_status why) noexcept {
    (why == ZEVI_FORKED ? forked_ : dropped_).fetch_add(1, std::memory_order_relaxed);
  }
  /// Counts an event that was begun before a fork.
  void count_forked() noexcept { forked_.fetch_add(1, std::memory_order_relaxed); }

  [[nodiscard]] zevi_status flush(std::chrono::nanoseconds timeout, std::uint64_t& unacknowledged);
  /// Flushes and ends the session. Nothing may be published any more.
  [[nodiscard]] zevi_status close();
  void statistics(zevi_statistics& statistics) const noexcept;

  // For the fork guard alone.
  void set_serial(std::uint64_t serial) noexcept { serial_.store(serial, std::memory_order_relaxed); }
  void lock_for_fork();
  void unlock_after_fork();
  /// Makes this the publisher of a child, whose first publish will start a session, and gives the parent's
  /// session, which the child must not touch.
  [[nodiscard]] Session* become_child(std::uint64_t serial) noexcept;

 private:
  [[nodiscard]] Session* session() const noexcept;

  const Options options_;
  Topics topics_{*this};
  std::atomic<std::uint64_t> serial_{0};
  std::atomic<std::uint64_t> forked_{0};
  std::atomic<std::uint64_t> dropped_{0};  ///< without a lane
  std::atomic<bool> is_cut_off_{false};    ///< a child to which no endpoint leads

  mutable std::mutex mutex_;
  Session* session_ = nullptr;  ///< owned, but for one that a parent left behind
  std::chrono::steady_clock::time_point next_start_{};
};

}  // namespace zevi::shim

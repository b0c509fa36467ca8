#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <thread>

#include "counters.hpp"
#include "counters_file.hpp"
#include "flush_requests.hpp"
#include "flusher.hpp"
#include "lanes.hpp"
#include "options.hpp"
#include "topics.hpp"
#include "wakeup.hpp"
#include "zevi/publisher.h"

namespace zevi::shim {

/// What a publisher has running in one process: the lanes of its threads, the flusher's thread, an identity.
/// A fork leaves it to the parent; the child never touches it and starts one of its own.
class Session {
 public:
  /// Throws `zevi::Error` if the counters file cannot be made, which a child does without. `options` and
  /// `topics` outlive the session.
  Session(const Options& options, Topics& topics, bool is_child);
  /// Ends the flusher's thread, if `close` has not.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Starts the flusher's thread, which keeps on trying if it can make no socket. Throws std::system_error.
  void start();
  /// Like `start`, but gives up, and throws, if the socket cannot be made.
  void start_and_wait();

  // Any thread.

  [[nodiscard]] Lane* add_lane() { return lanes_.add(*this); }
  /// For the end of a thread.
  void end(Lane& lane) noexcept;
  [[nodiscard]] Wakeup& wakeup() noexcept { return wakeup_; }
  [[nodiscard]] const Options& options() const noexcept { return options_; }

  /// True if everything was acknowledged in time; else `left` says how many events were not.
  [[nodiscard]] bool flush(std::chrono::nanoseconds timeout, std::uint64_t& left);
  void statistics(zevi_statistics& statistics) const noexcept;

  /// Flushes, says goodbye and ends the thread. True if everything was acknowledged in time.
  bool close(std::chrono::nanoseconds linger);

  /// The fork guard's: the session of the parent's that it got before this one.
  Session* inherited_from = nullptr;

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] std::uint64_t unacknowledged() const noexcept;

  void start_thread();
  void run() noexcept;
  [[nodiscard]] std::unique_ptr<Flusher> make_flusher();
  void keep_flushing(Flusher& flusher);
  void collect(Flusher& flusher, Clock::time_point until);
  void sleep(Flusher& flusher, bool is_stuck);
  void stop(std::chrono::nanoseconds linger);

  const Options& options_;
  Topics& topics_;
  const bool is_child_;
  const std::uint64_t id_;
  const std::unique_ptr<CountersFile> counters_file_;  ///< null without one
  Wakeup wakeup_;
  Lanes lanes_;
  FlushRequests flush_requests_;
  Counters counters_;
  /// The thread's own, which makes and ends it. Not on the thread's stack, where a child's leak checker would
  /// not find it: that thread is not the child's.
  std::unique_ptr<Flusher> flusher_;
  std::atomic<bool> stop_{false};
  std::chrono::milliseconds last_linger_{0};  ///< set before `stop_`
  bool must_start_ = false;                   ///< set before the thread starts
  std::promise<void> started_;
  std::thread thread_;
};

}  // namespace zevi::shim

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "counters_file.hpp"
#include "lane.hpp"

namespace zevi::shim {

/// The lanes of all threads of one session. Threads add theirs, the flusher reads them and removes those
/// whose thread has ended. A lane's memory stays where it is from `add` to `remove`.
class Lanes {
 public:
  struct Totals {
    std::uint64_t published = 0;
    std::uint64_t dropped = 0;
    std::uint64_t suppressed = 0;
  };

  /// `counters_file` may be null; it outlives the lanes.
  explicit Lanes(CountersFile* counters_file) noexcept : counters_file_(counters_file) {}

  /// Any thread.
  Lane* add(Session& session);
  [[nodiscard]] Totals totals() const noexcept;

  /// The flusher: whether lanes were added since the last `list`. Sequentially consistent, for the look
  /// before it sleeps.
  [[nodiscard]] bool has_new() const noexcept { return has_new_.load(std::memory_order_seq_cst); }
  [[nodiscard]] std::vector<Lane*> list();
  /// The flusher: frees the lane; its counts stay in the totals.
  void remove(const Lane& lane);

 private:
  [[nodiscard]] TopicCounts& take_counts();
  static void add_up(Totals& totals, const Lane& lane) noexcept;

  mutable std::mutex mutex_;
  CountersFile* const counters_file_;
  std::vector<std::unique_ptr<TopicCounts>> counts_;
  std::vector<TopicCounts*> free_counts_;  ///< of threads that have ended
  std::vector<std::unique_ptr<Lane>> lanes_;
  Totals of_ended_threads_;
  std::atomic<bool> has_new_{false};
};

}  // namespace zevi::shim

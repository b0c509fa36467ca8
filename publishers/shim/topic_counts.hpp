#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "counters.hpp"
#include "zevi/limits.hpp"
#include "zevi/publisher_counters.h"

namespace zevi::shim {

/// What the threads that had this place one after the other did, by topic: in the counters file if there is
/// one, else in memory. The thread whose place it is counts with plain stores; counts grow for ever.
class TopicCounts {
 public:
  /// `in_file` is null without a counters file.
  explicit TopicCounts(zevi_counters_published* in_file)
      : in_memory_(in_file != nullptr ? nullptr
                                      : new zevi_counters_published[limits::publisher_topics_max]()),
        counts_(in_file != nullptr ? in_file : in_memory_.get()) {}

  // The thread.
  void count_published(std::size_t topic) noexcept { add(counts_[topic].published, 1); }
  void count_dropped(std::size_t topic) noexcept { add(counts_[topic].dropped, 1); }

  // Everybody.
  [[nodiscard]] std::uint64_t dropped(std::size_t topic) const noexcept {
    return std::atomic_ref(counts_[topic].dropped).load(std::memory_order_relaxed);
  }

  /// The flusher's alone: how many drops of each topic have got numbers.
  std::vector<std::uint64_t> dropped_numbered;

 private:
  const std::unique_ptr<zevi_counters_published[]> in_memory_;
  zevi_counters_published* const counts_;
};

}  // namespace zevi::shim

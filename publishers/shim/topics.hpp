#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "interest.hpp"
#include "zevi/limits.hpp"
#include "zevi/publisher.h"

namespace zevi::shim {

class CountersFile;
class Publisher;

/// What a `zevi_topic` handle points to.
struct Topic : zevi_topic {
  Topic(Publisher& its_publisher, std::string_view its_name, std::uint16_t its_index, bool wants,
        std::chrono::nanoseconds wait)
      : zevi_topic{wants},
        publisher(its_publisher),
        name(its_name),
        index(its_index),
        wait_when_full_ns_(wait.count()) {}

  [[nodiscard]] bool is_wanted() const noexcept { return zevi_wanted(this) != 0; }
  void set_wanted(bool wants) noexcept {
    std::atomic_ref(wanted).store(static_cast<unsigned char>(wants), std::memory_order_relaxed);
  }

  /// How long an event waits for room in a full ring; 0: it is dropped.
  [[nodiscard]] std::chrono::nanoseconds wait_when_full() const noexcept {
    return std::chrono::nanoseconds(wait_when_full_ns_.load(std::memory_order_relaxed));
  }
  void set_wait_when_full(std::chrono::nanoseconds wait) noexcept {
    wait_when_full_ns_.store(wait.count(), std::memory_order_relaxed);
  }

  Publisher& publisher;
  const std::string name;
  const std::uint16_t index;

 private:
  std::atomic<std::int64_t> wait_when_full_ns_;
};

/// The topics of a publisher and whether somebody wants their events. Outlives forks: a child has the same
/// handles as its parent.
class Topics {
 public:
  explicit Topics(Publisher& publisher) noexcept : publisher_(publisher) {}

  /// Any thread. Null if there are `limits::publisher_topics_max` already. `name` is a valid topic.
  [[nodiscard]] Topic* open(std::string_view name);

  /// Any thread that has seen an event of the topic, or its handle.
  [[nodiscard]] const Topic& at(std::size_t index) const noexcept { return *topics_[index]; }

  /// The flusher: takes over what is wanted. When it returns, every publishing thread that looks sees it.
  void apply(Interest interest);

  /// Any thread: tells the file the names of the topics, those that are opened from now on too; null for no
  /// file.
  void tell(CountersFile* counters_file) noexcept;

  // Around a fork. `become_child` is for the child, while the lock is held.
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }
  void become_child() noexcept;

 private:
  void set_wanted() noexcept;

  Publisher& publisher_;
  std::mutex mutex_;
  std::size_t count_ = 0;
  std::array<std::unique_ptr<Topic>, limits::publisher_topics_max> topics_;
  std::unordered_map<std::string_view, Topic*> by_name_;
  Interest interest_;
  CountersFile* counters_file_ = nullptr;
};

}  // namespace zevi::shim

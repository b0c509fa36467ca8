#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "counters.hpp"
#include "record.hpp"
#include "ring/ring.hpp"
#include "ring/ring_memory.hpp"
#include "topic_counts.hpp"

namespace zevi::shim {

class Event;
class Session;

/// What one thread writes in one session of a publisher: its ring, and what it counts beside it. The thread
/// alone writes here; the flusher reads, and gives the ring's memory back. All counts grow for ever and are
/// written with plain stores, since each has one writer.
class Lane {
 public:
  /// `counts` outlives the lane and is no other lane's meanwhile.
  Lane(Session& session, TopicCounts& counts) noexcept : session_(session), counts_(counts) {}

  [[nodiscard]] Session& session() const noexcept { return session_; }

  // The thread's part.

  /// The ring is made when the thread first has an event to keep: a thread whose events nobody wants needs
  /// none.
  [[nodiscard]] bool make_ring(std::size_t ring_bytes) noexcept {
    memory_.emplace(Ring<>::memory_bytes(ring_bytes, record_bytes_max));
    if (memory_->begin() == nullptr) return false;
    storage_.emplace(memory_->begin(), ring_bytes, record_bytes_max);
    ring_.store(&*storage_, std::memory_order_seq_cst);
    return true;
  }

  void count_published(std::size_t topic) noexcept {
    counts_.count_published(topic);
    add(published_, 1);
  }
  void count_suppressed() noexcept { add(suppressed_, 1); }
  void count_dropped(std::size_t topic) noexcept {
    counts_.count_dropped(topic);
    add(dropped_, 1);
  }
  /// The event between begin and commit or cancel; only its address is looked at.
  [[nodiscard]] const Event* open_event() const noexcept { return open_event_; }
  void set_open_event(const Event* event) noexcept { open_event_ = event; }

  // Everybody's part.

  /// Null until the thread has had an event to keep. Sequentially consistent like the ring's head, for the
  /// flusher's look before it sleeps: it must not miss the ring of the event that nobody wakes it for.
  [[nodiscard]] Ring<>* ring() const noexcept { return ring_.load(std::memory_order_seq_cst); }
  [[nodiscard]] std::uint64_t published() const noexcept {
    return published_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t suppressed() const noexcept {
    return suppressed_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }
  /// Of this thread and those that had its place before it.
  [[nodiscard]] std::uint64_t dropped(std::size_t topic) const noexcept { return counts_.dropped(topic); }

  /// The flusher's.
  [[nodiscard]] TopicCounts& counts() const noexcept { return counts_; }

  /// Says that the thread has ended and will write no more; the flusher then frees the lane when it is empty.
  void end() noexcept { ended_.store(true, std::memory_order_release); }
  [[nodiscard]] bool has_ended() const noexcept { return ended_.load(std::memory_order_acquire); }

 private:
  Session& session_;
  TopicCounts& counts_;
  std::optional<RingMemory> memory_;
  std::optional<Ring<>> storage_;
  std::atomic<Ring<>*> ring_{nullptr};
  const Event* open_event_ = nullptr;
  std::atomic<std::uint64_t> published_{0};
  std::atomic<std::uint64_t> suppressed_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<bool> ended_{false};
};

}  // namespace zevi::shim

#pragma once

#include <atomic>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace zevi::shim {

/// Carries records from one thread, the producer, to one other, the consumer, without a lock or an
/// allocation.
///
/// A record never splits, and no padding record stands in for the bytes left at the end: behind the ring's
/// `capacity` bytes lies a slack of one largest record, into which a record that begins before the end may
/// run; the next one begins at the front again. Positions count bytes for ever (modulo their type) and map to
/// an offset by `position % capacity`.
///
/// `reserve` asks for the room of a largest record, whatever the record turns out to be, so that the producer
/// may write it without looking at the ring again. That is enough: while the unread bytes are at most
/// `capacity - longest_record`, a record that begins in front of the oldest unread one ends in front of it
/// too, and so cannot run into the slack while an unread record is there.
///
/// `Position` is a parameter so that a test can let it wrap around a hundred times.
template <std::unsigned_integral Position = std::uint64_t>
class Ring {
 public:
  static constexpr std::size_t alignment = 8;

  /// `memory` holds `memory_bytes(capacity, longest_record)`, is aligned to 8 and outlives the ring.
  /// `capacity` is a power of two, larger than `longest_record`, that divides the range of `Position`.
  Ring(std::uint8_t* memory, std::size_t capacity, std::size_t longest_record) noexcept
      : memory_(memory), capacity_(capacity), longest_record_(aligned(longest_record)) {
    assert((capacity & (capacity - 1)) == 0 && capacity >= longest_record_);
    assert(static_cast<Position>(capacity) == capacity);
  }

  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  [[nodiscard]] static constexpr std::size_t memory_bytes(std::size_t capacity,
                                                          std::size_t longest_record) noexcept {
    return capacity + aligned(longest_record);
  }

  // The producer's part.

  /// Where the next record goes, with room for a largest one; null when the ring is full. Until `commit` it
  /// may be asked for again and gives the same place.
  [[nodiscard]] std::uint8_t* reserve() noexcept {
    const Position head = head_.load(std::memory_order_relaxed);
    if (!has_room(head, tail_seen_)) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (!has_room(head, tail_seen_)) return nullptr;
    }
    return memory_ + offset(head);
  }

  /// Makes the record of `bytes` that was written at the reserved place visible. Sequentially consistent, so
  /// that a flag that the consumer sets before it sleeps can be looked at next: either the producer sees the
  /// flag, or the consumer sees the record.
  void commit(std::size_t bytes) noexcept {
    assert(bytes > 0 && bytes <= longest_record_);
    head_.store(behind(head_.load(std::memory_order_relaxed), bytes), std::memory_order_seq_cst);
  }

  /// Whether more than half of the ring waits to be read.
  [[nodiscard]] bool is_half_full() noexcept {
    const Position head = head_.load(std::memory_order_relaxed);
    if (static_cast<Position>(head - tail_seen_) <= capacity_ / 2) return false;
    tail_seen_ = tail_.load(std::memory_order_acquire);
    return static_cast<Position>(head - tail_seen_) > capacity_ / 2;
  }

  // The consumer's part.

  /// Takes notice of what has been committed; `front` gives records up to there. False if there is nothing.
  [[nodiscard]] bool refresh() noexcept {
    head_seen_ = head_.load(std::memory_order_seq_cst);
    return read_ != head_seen_;
  }

  /// The oldest record, or null when all that `refresh` saw has been read.
  [[nodiscard]] const std::uint8_t* front() const noexcept {
    return read_ == head_seen_ ? nullptr : memory_ + offset(read_);
  }

  /// Passes over the oldest record, which had `bytes`. Its memory stays as it is until `release`.
  void pop(std::size_t bytes) noexcept { read_ = behind(read_, bytes); }

  /// Gives the memory of all popped records back to the producer.
  void release() noexcept { tail_.store(read_, std::memory_order_release); }

 private:
  [[nodiscard]] static constexpr std::size_t aligned(std::size_t bytes) noexcept {
    return (bytes + alignment - 1) / alignment * alignment;
  }
  [[nodiscard]] std::size_t offset(Position position) const noexcept { return position & (capacity_ - 1); }

  [[nodiscard]] bool has_room(Position head, Position tail) const noexcept {
    const auto unread = static_cast<Position>(head - tail);
    return capacity_ - unread >= longest_record_;
  }

  [[nodiscard]] Position behind(Position position, std::size_t bytes) const noexcept {
    const std::size_t length = aligned(bytes);
    const std::size_t to_the_end = capacity_ - offset(position);
    return static_cast<Position>(position + (length < to_the_end ? length : to_the_end));
  }

  static constexpr std::size_t cache_line = 64;

  std::uint8_t* const memory_;
  const std::size_t capacity_;
  const std::size_t longest_record_;

  // Written by the producer.
  alignas(cache_line) std::atomic<Position> head_{0};
  Position tail_seen_ = 0;

  // Written by the consumer.
  alignas(cache_line) std::atomic<Position> tail_{0};
  Position read_ = 0;
  Position head_seen_ = 0;
};

}  // namespace zevi::shim

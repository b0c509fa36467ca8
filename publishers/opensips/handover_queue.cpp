#include "handover_queue.hpp"

#include <sys/eventfd.h>

#include <bit>
#include <cstring>

#include "zevi/error.hpp"

namespace zevi::ingest {

/// Records lie at multiples of their head's size, so that a head never wraps. One that would wrap begins at
/// the start of the ring, behind a filler.
struct alignas(64) HandoverQueue::Record {
  std::uint64_t size = 0;  ///< with this head, a multiple of the head's size
  bool is_filler = false;
  Delivery delivery;
};

namespace {

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

HandoverQueue::HandoverQueue(std::size_t bytes_min)
    : capacity_(std::bit_ceil(bytes_min)),
      ring_(new std::byte[capacity_]),
      event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  static_assert(sizeof(Record) == 64);
  if (!event_) throw Error("cannot make an eventfd: out of file descriptors");
}

/// What the ring must have free: the record, and the filler before it if it would wrap.
std::size_t HandoverQueue::needed(std::size_t bytes) const noexcept {
  const std::size_t record = round_up(sizeof(Record) + bytes, sizeof(Record));
  const std::size_t to_end = capacity_ - (written_.load(std::memory_order_relaxed) & (capacity_ - 1));
  return record <= to_end ? record : to_end + record;
}

bool HandoverQueue::has_room(std::size_t bytes) noexcept {
  const std::size_t need = needed(bytes);
  const std::uint64_t written = written_.load(std::memory_order_relaxed);
  if (written + need - taken_seen_ <= capacity_) return true;
  taken_seen_ = taken_.load(std::memory_order_acquire);
  return written + need - taken_seen_ <= capacity_;
}

bool HandoverQueue::push(const Delivery& delivery) noexcept {
  if (!has_room(delivery.bytes.size())) return false;
  std::uint64_t at = written_.load(std::memory_order_relaxed);
  const std::size_t size = round_up(sizeof(Record) + delivery.bytes.size(), sizeof(Record));
  const std::size_t filler = needed(delivery.bytes.size()) - size;
  const auto record_at = [&](std::uint64_t offset) { return ring_.get() + (offset & (capacity_ - 1)); };
  if (filler > 0) {
    const Record record{filler, true, {}};
    std::memcpy(record_at(at), &record, sizeof record);
    at += filler;
  }
  std::byte* const head = record_at(at);
  Record record{size, false, delivery};
  record.delivery.bytes = {reinterpret_cast<const char*>(head + sizeof record), delivery.bytes.size()};
  std::memcpy(head, &record, sizeof record);
  if (!delivery.bytes.empty()) {
    std::memcpy(head + sizeof record, delivery.bytes.data(), delivery.bytes.size());
  }
  written_.store(at + size);
  return true;
}

bool HandoverQueue::front(Delivery& delivery) noexcept {
  std::uint64_t at = taken_.load(std::memory_order_relaxed);
  Record record;
  for (;;) {
    if (at == written_.load(std::memory_order_acquire)) return false;
    std::memcpy(&record, ring_.get() + (at & (capacity_ - 1)), sizeof record);
    if (!record.is_filler) break;
    at += record.size;
    taken_.store(at, std::memory_order_release);
  }
  delivery = record.delivery;
  return true;
}

void HandoverQueue::pop() noexcept {
  const std::uint64_t at = taken_.load(std::memory_order_relaxed);
  std::uint64_t size = 0;
  std::memcpy(&size, ring_.get() + (at & (capacity_ - 1)), sizeof size);
  taken_.store(at + size, std::memory_order_release);
}

// Either the reading thread sees `sleeping_` or the main thread sees what was written: each stores first and
// then looks at the other's, and these four are sequentially consistent.

void HandoverQueue::wake() noexcept {
  if (!sleeping_.load() || !sleeping_.exchange(false)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(event_.get(), &one, sizeof one);
}

bool HandoverQueue::prepare_to_sleep() noexcept {
  sleeping_.store(true);
  if (taken_.load(std::memory_order_relaxed) == written_.load()) return true;
  sleeping_.store(false, std::memory_order_relaxed);
  return false;
}

void HandoverQueue::woke() noexcept {
  sleeping_.store(false, std::memory_order_relaxed);
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t taken = read(event_.get(), &count, sizeof count);
}

}  // namespace zevi::ingest

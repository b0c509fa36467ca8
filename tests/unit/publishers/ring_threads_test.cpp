#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "ring/ring.hpp"
#include "shim/flush_requests.hpp"
#include "shim/wakeup.hpp"

using namespace std::chrono_literals;

namespace {

// With the cores busy elsewhere, each time that the ring is full or empty costs a time slice.
constexpr std::uint64_t records = 200'000;
constexpr std::size_t capacity = 16384;
constexpr std::size_t longest = 136;

/// What record `i` holds: its length depends on its number, and every word of it does.
struct Pattern {
  explicit Pattern(std::uint64_t i) : number(i), words(1 + i * 7919 % (longest / 8)) {}
  [[nodiscard]] std::uint64_t word(std::size_t at) const { return number * 0x9E3779B97F4A7C15U + at; }
  [[nodiscard]] std::size_t bytes() const { return words * 8; }

  void write(std::uint8_t* at) const {
    for (std::size_t i = 0; i < words; ++i) {
      const std::uint64_t value = word(i);
      std::memcpy(at + 8 * i, &value, 8);
    }
  }
  [[nodiscard]] bool is_at(const std::uint8_t* at) const {
    for (std::size_t i = 0; i < words; ++i) {
      std::uint64_t value = 0;
      std::memcpy(&value, at + 8 * i, 8);
      if (value != word(i)) return false;
    }
    return true;
  }

  std::uint64_t number;
  std::size_t words;
};

template <typename Position>
struct Carried {
  std::vector<std::uint64_t> memory =
      std::vector<std::uint64_t>(zevi::shim::Ring<Position>::memory_bytes(capacity, longest) / 8);
  zevi::shim::Ring<Position> ring{reinterpret_cast<std::uint8_t*>(memory.data()), capacity, longest};

  /// Set by a consumer that found a fault, so that the producer does not wait for room for ever.
  std::atomic<bool> failed{false};

  void produce(std::uint64_t i) {
    std::uint8_t* at = ring.reserve();
    while (at == nullptr) {
      if (failed.load(std::memory_order_relaxed)) return;
      std::this_thread::yield();
      at = ring.reserve();
    }
    const Pattern pattern(i);
    pattern.write(at);
    ring.commit(pattern.bytes());
  }

  /// Takes what is there; the number of the next record, or `records + 1` if one was not as it went in.
  std::uint64_t consume(std::uint64_t next) {
    if (!ring.refresh()) return next;
    while (const std::uint8_t* const record = ring.front()) {
      const Pattern pattern(next);
      if (!pattern.is_at(record)) return records + 1;
      ring.pop(pattern.bytes());
      ++next;
    }
    ring.release();
    return next;
  }
};

}  // namespace

TEMPLATE_TEST_CASE("many records pass from one thread to another, unchanged and in order", "", std::uint16_t,
                   std::uint64_t) {
  Carried<TestType> carried;
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < records && !carried.failed.load(std::memory_order_relaxed); ++i)
      carried.produce(i);
  });
  std::uint64_t next = 0;
  while (next < records) {
    const std::uint64_t before = next;
    next = carried.consume(next);
    if (next == before) std::this_thread::yield();
  }
  carried.failed = next != records;
  producer.join();
  CHECK(next == records);
}

TEST_CASE("a consumer that sleeps whenever the ring is empty misses no record") {
  constexpr std::uint64_t rounds = 20'000;
  Carried<std::uint64_t> carried;
  zevi::shim::Wakeup wakeup;
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < rounds; ++i) {
      carried.produce(i);
      wakeup.wake_if_sleeping();
      // So that the consumer finds the ring empty again and again.
      if (i % 16 == 0) std::this_thread::yield();
    }
  });
  std::uint64_t next = 0;
  std::uint64_t overslept = 0;
  while (next < rounds) {
    next = carried.consume(next);
    wakeup.about_to_sleep();
    // A record that is there when the time is up is one that nobody woke us for.
    if (!carried.ring.refresh() && next < rounds && !wakeup.wait(-1, 20s)) ++overslept;
    wakeup.awake();
  }
  carried.failed = next != rounds;
  producer.join();
  CHECK(next == rounds);
  CHECK(overslept == 0);
}

TEST_CASE("threads that wait for a flush are released when it is fulfilled, and later ones are not") {
  zevi::shim::FlushRequests requests;
  std::atomic<int> released{0};
  std::vector<std::thread> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back([&] { released += requests.wait(requests.make(), 60s); });
  }
  while (requests.newest() < 4) std::this_thread::yield();
  const std::uint64_t fulfilled = requests.newest();
  requests.fulfil(fulfilled);
  for (std::thread& thread : waiting) thread.join();
  CHECK(released == 4);
  const std::uint64_t later = requests.make();
  CHECK(later == fulfilled + 1);
  CHECK_FALSE(requests.wait(later, 0ns));
  requests.fulfil(later);
  CHECK(requests.wait(later, 0ns));
}

#include "ring/ring.hpp"

#include <cstring>
#include <deque>
#include <random>
#include <vector>

#include "catch.hpp"
#include "seed.hpp"

namespace {

/// Wraps around after 65,536 bytes.
using SmallRing = zevi::shim::Ring<std::uint16_t>;

constexpr std::size_t capacity = 4096;
constexpr std::size_t longest = 520;

struct Fixture {
  /// Exactly what the ring may use, so that the address sanitizer sees a byte behind it.
  std::vector<std::uint64_t> memory =
      std::vector<std::uint64_t>(SmallRing::memory_bytes(capacity, longest) / 8);
  std::uint8_t* const begin = reinterpret_cast<std::uint8_t*>(memory.data());
  SmallRing ring{begin, capacity, longest};

  /// A record is its length and then bytes that tell which record it is.
  bool put(std::uint16_t bytes, std::uint8_t mark) {
    std::uint8_t* const at = ring.reserve();
    if (at == nullptr) return false;
    if (at != ring.reserve()) throw std::logic_error("reserving again gives another place");
    std::memset(at, mark, bytes);
    std::memcpy(at, &bytes, sizeof bytes);
    ring.commit(bytes);
    return true;
  }

  /// The oldest record's length if all its bytes are `mark`, 0 if they are not.
  std::uint16_t take(std::uint8_t mark) {
    const std::uint8_t* const at = ring.front();
    if (at == nullptr) return 0;
    std::uint16_t bytes = 0;
    std::memcpy(&bytes, at, sizeof bytes);
    for (std::size_t i = sizeof bytes; i < bytes; ++i) {
      if (at[i] != mark) return 0;
    }
    ring.pop(bytes);
    return bytes;
  }
};

struct Record {
  std::uint16_t bytes;
  std::uint8_t mark;
};

}  // namespace

TEST_CASE("records of every length come out of a ring as they went in, many times around") {
  for (std::uint16_t bytes = 2; bytes <= longest; ++bytes) {
    Fixture fixture;
    // More than twice around the positions, one record at a time, from every offset that this length leads
    // to.
    const std::size_t rounds = 2 * 65'536 / bytes + 2;
    for (std::size_t i = 0; i < rounds; ++i) {
      const auto mark = static_cast<std::uint8_t>(i);
      if (!fixture.put(bytes, mark)) FAIL("no room in an empty ring at record " << i << " of " << bytes);
      if (!fixture.ring.refresh()) FAIL("a record is not seen");
      if (fixture.take(mark) != bytes) FAIL("record " << i << " of " << bytes << " bytes is not as it was");
      fixture.ring.release();
    }
    CHECK_FALSE(fixture.ring.refresh());
  }
}

TEST_CASE("a ring that is filled to the brim and emptied keeps every record, for every length") {
  for (std::uint16_t bytes = 2; bytes <= longest; ++bytes) {
    Fixture fixture;
    std::uint8_t in = 0;
    std::uint8_t out = 0;
    for (int round = 0; round < 40; ++round) {
      std::size_t filled = 0;
      while (fixture.put(bytes, in)) ++in, ++filled;
      // It is full only when a largest record would not fit.
      if (filled * ((bytes + 7U) / 8 * 8) <= capacity - longest) {
        FAIL("full at " << filled << " records of " << bytes << " bytes");
      }
      if (!fixture.ring.refresh()) FAIL("a full ring gives nothing");
      while (fixture.ring.front() != nullptr) {
        if (fixture.take(out++) != bytes) FAIL("round " << round << ", " << bytes << " bytes");
      }
      fixture.ring.release();
      if (in != out) FAIL("records are missing");
    }
  }
}

TEST_CASE("a ring with records of random lengths, read at random moments, is a queue") {
  INFO(zevi::test::seed_message());
  std::mt19937_64 random(zevi::test::seed());
  Fixture fixture;
  std::deque<Record> expected;
  std::uint8_t mark = 0;
  for (int step = 0; step < 200'000; ++step) {
    if (random() % 2 == 0) {
      const auto bytes = static_cast<std::uint16_t>(2 + random() % (longest - 1));
      if (fixture.put(bytes, mark)) expected.push_back({bytes, mark++});
      continue;
    }
    if (fixture.ring.refresh() != !expected.empty()) FAIL("step " << step << ": refresh is wrong");
    for (std::uint64_t n = random() % 8; n > 0 && fixture.ring.front() != nullptr; --n) {
      if (fixture.take(expected.front().mark) != expected.front().bytes) FAIL("step " << step);
      expected.pop_front();
    }
    fixture.ring.release();
  }
}

TEST_CASE("an empty ring gives nothing, and nothing that was committed after the last refresh") {
  Fixture fixture;
  CHECK_FALSE(fixture.ring.refresh());
  CHECK(fixture.ring.front() == nullptr);
  REQUIRE(fixture.put(100, 1));
  CHECK(fixture.ring.front() == nullptr);
  REQUIRE(fixture.ring.refresh());
  REQUIRE(fixture.put(100, 2));
  CHECK(fixture.take(1) == 100);
  CHECK(fixture.ring.front() == nullptr);
  REQUIRE(fixture.ring.refresh());
  CHECK(fixture.take(2) == 100);
}

TEST_CASE("a reserved place that is not committed is never seen") {
  Fixture fixture;
  std::uint8_t* const place = fixture.ring.reserve();
  REQUIRE(place != nullptr);
  CHECK_FALSE(fixture.ring.refresh());
  CHECK(fixture.ring.reserve() == place);
}

TEST_CASE("a full ring has room again only when what was popped is released") {
  Fixture fixture;
  std::uint8_t mark = 0;
  while (fixture.put(longest, mark)) ++mark;
  CHECK(mark == capacity / longest);
  REQUIRE(fixture.ring.refresh());
  for (std::uint8_t i = 0; i < mark; ++i) REQUIRE(fixture.take(i) == longest);
  CHECK(fixture.ring.front() == nullptr);
  CHECK_FALSE(fixture.put(longest, 0));
  fixture.ring.release();
  CHECK(fixture.put(longest, 0));
}

TEST_CASE("a ring is half full while more than half of it waits to be read") {
  Fixture fixture;
  std::uint8_t records = 0;
  while ((records + 1U) * longest <= capacity / 2) REQUIRE(fixture.put(longest, records++));
  CHECK_FALSE(fixture.ring.is_half_full());
  REQUIRE(fixture.put(longest, records));
  CHECK(fixture.ring.is_half_full());
  REQUIRE(fixture.ring.refresh());
  REQUIRE(fixture.take(0) == longest);
  CHECK(fixture.ring.is_half_full());
  fixture.ring.release();
  CHECK_FALSE(fixture.ring.is_half_full());
}

TEST_CASE("a popped record stays as it is until it is released") {
  Fixture fixture;
  REQUIRE(fixture.put(longest, 7));
  REQUIRE(fixture.ring.refresh());
  const std::uint8_t* const record = fixture.ring.front();
  REQUIRE(fixture.take(7) == longest);
  for (std::uint8_t mark = 8; fixture.put(longest, mark);) ++mark;
  std::size_t kept = 0;
  for (std::size_t i = 2; i < longest; ++i) kept += record[i] == 7;
  CHECK(kept == longest - 2);
}

#include "ledger.hpp"

#include <cstdint>
#include <random>
#include <set>

#include "catch.hpp"

using zevi::subscriber::Clock;
using zevi::subscriber::Finding;
using zevi::subscriber::Ledger;
using zevi::subscriber::TopicLedger;

namespace {

constexpr Clock::time_point now{std::chrono::hours(100)};

std::uint32_t repeats(TopicLedger& topic, std::uint64_t id, std::uint64_t p, std::uint32_t count) {
  return topic.enter_run(1, id, p, count, now).known;
}

}  // namespace

TEST_CASE("the first sight of a topic is its base and no gap") {
  TopicLedger topic;
  const Finding finding = topic.enter(1, 500, 10, 4);
  CHECK(finding.gap_from == 0);
  CHECK(finding.lost_before == 0);
  CHECK(finding.known == 0);
}

TEST_CASE("a topic seen from its first event tells what was lost before it") {
  TopicLedger topic;
  CHECK(topic.enter(1, 1, 1, 3).lost_before == 3);
}

TEST_CASE("a jump in q is a gap with its first and last number") {
  TopicLedger topic;
  static_cast<void>(topic.enter(1, 1, 4, 0));
  const Finding finding = topic.enter(1, 17, 2, 0);
  CHECK(finding.gap_from == 5);
  CHECK(finding.gap_to == 16);
  CHECK(topic.enter(1, 19, 1, 0).gap_from == 0);
}

TEST_CASE("events below the next q had arrived already") {
  TopicLedger topic;
  static_cast<void>(topic.enter(1, 1, 10, 0));
  CHECK(topic.enter(1, 3, 4, 0).known == 4);
  CHECK(topic.enter(1, 8, 6, 0).known == 3);
  CHECK(topic.enter(1, 14, 1, 0).known == 0);
}

TEST_CASE("a growing l is reported by what it grew, a falling one is not") {
  TopicLedger topic;
  static_cast<void>(topic.enter(1, 5, 1, 2));
  CHECK(topic.enter(1, 6, 1, 2).lost_before == 0);
  CHECK(topic.enter(1, 7, 1, 9).lost_before == 7);
  CHECK(topic.enter(1, 8, 1, 3).lost_before == 0);
  CHECK(topic.enter(1, 9, 1, 9).lost_before == 0);
}

TEST_CASE("a new epoch sets a new base and counts its own losses from zero") {
  TopicLedger topic;
  static_cast<void>(topic.enter(1, 100, 1, 50));
  const Finding finding = topic.enter(2, 3, 1, 2);
  CHECK(finding.gap_from == 0);
  CHECK(finding.known == 0);
  CHECK(finding.lost_before == 2);
  CHECK(topic.enter(2, 6, 1, 2).gap_to == 5);
}

TEST_CASE("the epoch before is told once when the epoch changes") {
  Ledger ledger;
  CHECK_FALSE(ledger.enter_epoch(1));
  CHECK_FALSE(ledger.enter_epoch(1));
  CHECK(ledger.enter_epoch(2) == 1);
  CHECK_FALSE(ledger.enter_epoch(2));
}

TEST_CASE("an event that a publisher sends again is known by its p, whatever its q") {
  TopicLedger topic;
  CHECK(repeats(topic, 7, 1, 10) == 0);
  CHECK(repeats(topic, 7, 1, 10) == 10);
  CHECK(repeats(topic, 7, 8, 5) == 3);
  CHECK(repeats(topic, 7, 13, 1) == 0);
  CHECK(repeats(topic, 8, 1, 10) == 0);
  CHECK(repeats(topic, 7, 13, 1) == 1);
}

TEST_CASE("events without a p are never repeats") {
  TopicLedger topic;
  CHECK(repeats(topic, 7, 0, 1) == 0);
  CHECK(repeats(topic, 7, 0, 1) == 0);
}

TEST_CASE("a publisher is remembered for an hour after its last event and forgotten after two") {
  TopicLedger topic;
  const auto repeats = [&](std::uint64_t id, std::chrono::minutes after) {
    return topic.enter_run(1, id, 1, 1, now + after).known;
  };
  CHECK(repeats(1, std::chrono::minutes(0)) == 0);
  CHECK(repeats(2, std::chrono::minutes(59)) == 0);
  CHECK(repeats(3, std::chrono::minutes(61)) == 0);
  CHECK(repeats(2, std::chrono::minutes(90)) == 1);
  CHECK(repeats(3, std::chrono::minutes(122)) == 1);
  CHECK(repeats(1, std::chrono::minutes(130)) == 0);
  CHECK(repeats(2, std::chrono::minutes(149)) == 1);
}

TEST_CASE("over any lossy and repeating link each q is delivered or in a gap, exactly once") {
  const auto seed = GENERATE(range(1U, 201U));
  std::mt19937 random(seed);
  const auto one_of = [&](unsigned end) { return static_cast<std::uint32_t>(random() % end); };
  TopicLedger topic;
  std::set<std::uint64_t> delivered;
  std::set<std::uint64_t> missing;
  std::uint64_t sent = 0;
  std::uint64_t first = 0;
  for (int step = 0; step < 100; ++step) {
    const std::uint32_t n = 1 + one_of(20);
    std::uint64_t q = sent + 1;
    sent += n;
    if (one_of(4) == 0) continue;
    if (one_of(4) == 0) q -= std::min<std::uint64_t>(q - 1, one_of(30));
    if (first != 0 && q < first) q = first;
    if (first == 0) first = q;
    const Finding finding = topic.enter(1, q, n, 0);
    for (std::uint64_t i = finding.gap_from; i != 0 && i <= finding.gap_to; ++i) {
      REQUIRE(missing.insert(i).second);
    }
    for (std::uint64_t i = q + finding.known; i < q + n; ++i) REQUIRE(delivered.insert(i).second);
  }
  for (const std::uint64_t q : missing) REQUIRE(delivered.count(q) == 0);
  const std::uint64_t last = std::max(delivered.empty() ? 0 : *delivered.rbegin(), first);
  REQUIRE(delivered.size() + missing.size() == last - first + 1);
}

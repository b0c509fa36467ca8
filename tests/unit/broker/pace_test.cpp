#include "ingress/pace.hpp"

#include <vector>

#include "catch.hpp"

using namespace zevi::broker;
using namespace std::chrono_literals;

namespace {

constexpr SteadyTime start = SteadyTime{} + 1h;

/// The pace behind 200 ms in which each of `streams` sent a batch every `interval`, and how it was 600 ms
/// later.
struct Paces {
  std::chrono::microseconds busy;
  std::chrono::microseconds later;
};

Paces paces(std::size_t streams, std::chrono::microseconds interval) {
  Pace pace;
  std::vector<PaceMark> marks(streams);
  for (SteadyTime now = start; now <= start + 200ms; now += interval) {
    for (PaceMark& mark : marks) pace.count(mark, now);
  }
  const auto busy = pace.collect();
  pace.count(marks[0], start + 800ms);
  return {busy, pace.collect()};
}

}  // namespace

TEST_CASE("a publisher alone is left to its own pace, however often it sends") {
  CHECK(paces(1, 50us).busy == 0us);
}

TEST_CASE("the more publishers are busy, the longer each is asked to collect, up to a limit") {
  CHECK(paces(2, 1ms).busy == 1600us);
  CHECK(paces(8, 1ms).busy == 6400us);
  CHECK(paces(32, 1ms).busy == 25600us);
  CHECK(paces(1000, 10ms).busy == zevi::limits::pace_max);
}

TEST_CASE("publishers that follow the slowest pace still count as busy") {
  CHECK(paces(1000, zevi::limits::pace_max).busy == zevi::limits::pace_max);
}

TEST_CASE("publishers that send now and then are not busy, and the pace goes back when all is quiet") {
  CHECK(paces(64, 120ms).busy == 0us);
  CHECK(paces(64, 1ms).later == 0us);
}

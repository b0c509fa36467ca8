#include "metrics/recent.hpp"

#include "catch.hpp"

using namespace std::chrono_literals;
using namespace zevi::broker;

TEST_CASE("what counters grew by is told of the last minute, and before it is over since the start") {
  Counters counters;
  Recent recent;
  SteadyTime now = SteadyTime{} + 1h;
  counters.add(Counter::events_lost_before, 2);
  recent.sample(counters, now);
  counters.add(Counter::events_lost_before, 5);
  CHECK(recent.growth(counters, now)[1] == 7);
  for (int second = 1; second <= 59; ++second) {
    now += 1s;
    recent.sample(counters, now);
  }
  CHECK(recent.growth(counters, now)[1] == 7);
  now += 2s;
  recent.sample(counters, now);
  CHECK(recent.growth(counters, now)[1] == 0);
  counters.add(Counter::events_lost_before, 3);
  for (int second = 0; second < 300; ++second) {
    now += 1s;
    recent.sample(counters, now);
    CHECK(recent.growth(counters, now)[1] == (second < 60 ? 3 : 0));
  }
  counters.add(Counter::events_lost_before, 4);
  CHECK(recent.growth(counters, now + 1h)[1] == 4);
}

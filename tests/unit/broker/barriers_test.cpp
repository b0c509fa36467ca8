#include "topics/barriers.hpp"
#include "catch.hpp"

using namespace std::chrono_literals;
using zevi::broker::Barriers;
using zevi::broker::SteadyTime;

namespace {

const SteadyTime start = SteadyTime{} + 1h;

struct Settled {
  std::vector<std::string> topics;
  std::vector<std::uint64_t> unconfirmed;
};

Settled settle(Barriers& barriers, SteadyTime now, std::uint64_t missing) {
  Settled settled;
  barriers.settle(
      now, [=](std::uint64_t) { return missing; },
      [&](const Barriers::Barrier& barrier, std::uint64_t unconfirmed) {
        settled.topics.push_back(barrier.topic);
        settled.unconfirmed.push_back(unconfirmed);
      });
  return settled;
}

}  // namespace

TEST_CASE("a barrier is released once every publisher has confirmed") {
  Barriers barriers;
  REQUIRE(barriers.add({0, "~ready.1", 5, start + 200ms}));
  CHECK(settle(barriers, start, 2).topics.empty());
  CHECK(settle(barriers, start, 0).unconfirmed == std::vector<std::uint64_t>{0});
  CHECK(barriers.empty());
}

TEST_CASE("a barrier is released after its time with the number of those that have not confirmed") {
  Barriers barriers;
  REQUIRE(barriers.add({0, "~ready.1", 5, start + 200ms}));
  CHECK(barriers.deadline() == start + 200ms);
  CHECK(settle(barriers, start + 199ms, 3).topics.empty());
  CHECK(settle(barriers, start + 200ms, 3).unconfirmed == std::vector<std::uint64_t>{3});
}

TEST_CASE("a barrier whose subscriber left is forgotten at its own endpoint alone") {
  Barriers barriers;
  REQUIRE(barriers.add({0, "~ready.1", 5, start}));
  REQUIRE(barriers.add({1, "~ready.1", 5, start}));
  barriers.remove(0, "~ready.1");
  CHECK(settle(barriers, start, 0).topics.size() == 1);
}

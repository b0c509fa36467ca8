#include "topics/interest_table.hpp"
#include "catch.hpp"
#include "zevi/wire/broker_messages.hpp"

using namespace std::chrono_literals;
using zevi::broker::InterestTable;
using zevi::broker::SteadyTime;

namespace {

const SteadyTime start = SteadyTime{} + 1h;

std::vector<std::string> wanted(const InterestTable& table) {
  zevi::wire::Interest interest;
  REQUIRE(zevi::wire::decode(table.frame(), interest) == zevi::wire::DecodeError::none);
  CHECK(interest.g == table.generation());
  return {interest.w.begin(), interest.w.end()};
}

using Prefixes = std::vector<std::string>;

}  // namespace

TEST_CASE("the first generation is made at once, empty as it may be") {
  InterestTable table(2s, 100);
  CHECK_FALSE(table.generation_known());
  CHECK(table.generation_due() == 100);
  REQUIRE(table.renew(start));
  CHECK(table.generation() == 100);
  CHECK(wanted(table).empty());
  CHECK_FALSE(table.renew(start + 1s));
}

TEST_CASE("a second subscriber of a prefix makes no new generation") {
  InterestTable table(2s, 1);
  table.subscribe("E_CORE_");
  REQUIRE(table.renew(start));
  table.subscribe("E_CORE_");
  CHECK_FALSE(table.renew(start + 1s));
  CHECK(wanted(table) == Prefixes{"E_CORE_"});
}

TEST_CASE("a prefix stays for the linger time after its last subscriber left") {
  InterestTable table(2s, 1);
  table.subscribe("A");
  table.subscribe("A");
  REQUIRE(table.renew(start));
  table.unsubscribe("A", start + 1s);
  table.unsubscribe("A", start + 1s);
  CHECK(table.deadline() == start + 3s);
  CHECK_FALSE(table.renew(start + 3s - 1ms));
  CHECK(table.renew(start + 3s));
  CHECK(wanted(table).empty());
}

TEST_CASE("a subscriber that comes back within the linger time changes nothing") {
  InterestTable table(2s, 1);
  table.subscribe("A");
  REQUIRE(table.renew(start));
  table.unsubscribe("A", start);
  table.subscribe("A");
  CHECK_FALSE(table.renew(start + 10s));
  CHECK(wanted(table) == Prefixes{"A"});
}

TEST_CASE("generations are at least 10 ms apart and hold every change in between") {
  InterestTable table(0s, 1);
  REQUIRE(table.renew(start));
  table.subscribe("A");
  table.subscribe("B");
  CHECK(table.generation_due() == 2);
  CHECK_FALSE(table.renew(start + 9ms));
  CHECK(table.deadline() == start + 10ms);
  REQUIRE(table.renew(start + 10ms));
  CHECK(wanted(table) == Prefixes{"A", "B"});
}

TEST_CASE("with more than 1,024 prefixes everything is asked for") {
  InterestTable table(0s, 1);
  for (int i = 0; i < 1024; ++i) table.subscribe("T" + std::to_string(i));
  REQUIRE(table.renew(start));
  CHECK(wanted(table).size() == 1024);
  table.subscribe("one more");
  REQUIRE(table.renew(start + 1s));
  CHECK(wanted(table) == Prefixes{""});
}

TEST_CASE("taking back what nobody subscribed changes nothing") {
  InterestTable table(0s, 1);
  REQUIRE(table.renew(start));
  table.unsubscribe("A", start);
  CHECK_FALSE(table.renew(start + 1s));
}

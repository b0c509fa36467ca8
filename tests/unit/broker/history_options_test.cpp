#include "config/history_options.hpp"
#include "catch.hpp"
#include "history/retention.hpp"

using namespace std::chrono_literals;
using zevi::HistoryLimit;
using zevi::broker::check_history;
using zevi::broker::parse_history;
using zevi::broker::parse_max_age;

namespace {

HistoryLimit one(const std::string& value) {
  const std::vector<HistoryLimit> limits = parse_history({value});
  REQUIRE(limits.size() == 1);
  return limits.front();
}

}  // namespace

TEST_CASE("a prefix may have a size, an age and a count, in any order") {
  const HistoryLimit limit = one("E_CORE_=24h,1000000events,1GiB");
  CHECK(limit.prefix == "E_CORE_");
  CHECK(limit.kept);
  CHECK(limit.bytes_max == std::uint64_t{1} << 30U);
  CHECK(limit.events_max == 1'000'000);
  CHECK(limit.age_max == 24h);
}

TEST_CASE("a star behind a prefix says the same, and no prefix is all topics") {
  CHECK(one("E_CORE_*=1MiB").prefix == "E_CORE_");
  CHECK(one("*=1MiB").prefix.empty());
  CHECK(one("=1MiB").prefix.empty());
}

TEST_CASE("without a size a prefix has 64 MB") {
  CHECK(one("E_=24h").bytes_max == 64'000'000);
}

TEST_CASE("none keeps nothing, of one prefix or of all") {
  CHECK_FALSE(one("E_=none").kept);
  CHECK(parse_history({"none"}).empty());
}

TEST_CASE("what is no limit is refused with the option, the value and the form") {
  for (const std::string value : {"E_", "E_=", "E_=64XB", "E_=5 m", "E_=0events", "E_=xevents", "E_=0s",
                                  "E_=1MiB,", "E_=1MiB,,1h", "E_=none,1h", "E_=-1MiB"}) {
    CAPTURE(value);
    CHECK_THROWS_WITH(parse_history({value}),
                      contains_text("history '" + value + "'") && contains_text("write PREFIX="));
  }
  CHECK_THROWS_WITH(parse_history({"none", "E_=1MiB"}), contains_text("history 'none'"));
}

TEST_CASE("a max-age is a time") {
  const auto ages = parse_max_age({"E_CORE_=24h", "*=1s"});
  REQUIRE(ages.size() == 2);
  CHECK(ages[0].prefix == "E_CORE_");
  CHECK(ages[0].age == 24h);
  CHECK(ages[1].prefix.empty());
  CHECK_THROWS_WITH(parse_max_age({"E_"}), contains_text("max-age 'E_'") && contains_text("PREFIX=TIME"));
  CHECK_THROWS_WITH(parse_max_age({"E_=64MB"}), contains_text("max-age 'E_=64MB'"));
}

TEST_CASE("prefixes and limits outside their range are refused with the remedy") {
  const auto check = [](const std::vector<std::string>& history, const std::vector<std::string>& ages = {}) {
    check_history(parse_history(history), parse_max_age(ages));
  };
  CHECK_NOTHROW(check({"*=64MB", "E_=none"}, {"E_=1s"}));
  CHECK_THROWS_WITH(check({"no topic=64MB"}), contains_text("'no topic' is no topic prefix"));
  CHECK_THROWS_WITH(check({"E_=64MB", "E_*=1h"}), contains_text("stands twice"));
  CHECK_THROWS_WITH(check({"E_=1000"}), contains_text("at least 1MiB"));
  CHECK_THROWS_WITH(check({"E_=1ns"}), contains_text("at least 1ms"));
  CHECK_THROWS_WITH(check({}, {"E_=0s"}), contains_text("at least 1ms"));
  CHECK_THROWS_WITH(check_history(std::vector<HistoryLimit>(257), {}), contains_text("256"));
}

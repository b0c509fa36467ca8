#include "start_options.hpp"

#include <cstdlib>
#include <ctime>

#include "catch.hpp"

using namespace std::chrono_literals;
using zevi::cli::parse_time;

TEST_CASE("a time is read in UTC, in the zone that it names, or in local time") {
  const auto noon = std::chrono::system_clock::from_time_t(1717156992);
  CHECK(parse_time("2024-05-31T12:03:12Z") == noon);
  CHECK(parse_time("2024-05-31 14:03:12+02:00") == noon);
  CHECK(parse_time("2024-05-31T07:33:12-0430") == noon);
  CHECK(parse_time("2024-05-31T12:03:12.25Z") == noon + 250ms);
  CHECK(parse_time("2024-05-31T12:03Z") == noon - 12s);
  CHECK(parse_time("2024-05-31Z") == noon - 12h - 3min - 12s);
  setenv("TZ", "UTC-2", 1);
  tzset();
  CHECK(parse_time("2024-05-31T14:03:12") == noon);
  unsetenv("TZ");
  tzset();
}

TEST_CASE("what is no time is none") {
  for (const char* const text : {"", "5m", "2024", "2024-05", "2024-5-31", "2024-13-01", "2024-05-32",
                                 "2024-05-31T", "2024-05-31T24:00", "2024-05-31T12", "2024-05-31T12:60",
                                 "2024-05-31T12:03:61", "2024-05-31T12:03:12x", "2024-05-31T12:03+2",
                                 "2024-05-31T12:03+02:00x", "-024-05-31", "+024-05-31"}) {
    INFO(text);
    CHECK_FALSE(parse_time(text));
  }
}

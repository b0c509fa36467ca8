#include "retention.hpp"

#include <string>

#include "zevi/error.hpp"

namespace zevi::broker {

namespace {

/// A message of full size fits many times, or a history of it would be none.
constexpr std::uint64_t bytes_min = std::uint64_t{1} << 20U;
constexpr std::chrono::nanoseconds age_min = std::chrono::milliseconds(1);

}  // namespace

void check_history(const std::vector<HistoryLimit>& limits, const std::vector<MaxAge>& ages) {
  check_prefixes(limits, "history");
  for (const HistoryLimit& limit : limits) {
    if (!limit.kept) continue;
    if (limit.bytes_max < bytes_min) {
      throw Error("history: " + std::to_string(limit.bytes_max) + " bytes for prefix '" + limit.prefix +
                  "' are too few; give at least 1MiB, or none to keep nothing");
    }
    if (limit.age_max.count() != 0 && limit.age_max < age_min) {
      throw Error("history: the age for prefix '" + limit.prefix + "' is too short; give at least 1ms");
    }
  }
  check_prefixes(ages, "max-age");
  for (const MaxAge& age : ages) {
    if (age.age < age_min) {
      throw Error("max-age: the age for prefix '" + age.prefix + "' is too short; give at least 1ms");
    }
  }
}

}  // namespace zevi::broker

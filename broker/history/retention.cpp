#include "retention.hpp"

#include <string>
#include <unordered_set>

#include "zevi/error.hpp"
#include "zevi/topic.hpp"

namespace zevi::broker {

namespace {

/// Publishers are told of each prefix in one frame, beside those of the subscribers.
constexpr std::size_t prefixes_max = 256;
/// A message of full size fits many times, or a history of it would be none.
constexpr std::uint64_t bytes_min = std::uint64_t{1} << 20U;
constexpr std::chrono::nanoseconds age_min = std::chrono::milliseconds(1);

template <typename Entry>
void check_prefixes(const std::vector<Entry>& entries, const std::string& option) {
  if (entries.size() > prefixes_max) {
    throw Error(option + ": " + std::to_string(entries.size()) +
                " prefixes, but 256 is the most; name shorter ones");
  }
  std::unordered_set<std::string_view> seen;
  for (const Entry& entry : entries) {
    if (!is_topic_prefix(entry.prefix)) {
      throw Error(option + ": '" + entry.prefix +
                  "' is no topic prefix; use at most 128 of A-Z a-z 0-9 _ . -, and nothing for all topics");
    }
    if (!seen.insert(entry.prefix).second) {
      throw Error(option + ": prefix '" + entry.prefix + "' stands twice; put its limits together");
    }
  }
}

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

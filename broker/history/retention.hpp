#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "zevi/broker.hpp"
#include "zevi/error.hpp"
#include "zevi/topic.hpp"

namespace zevi::broker {

/// The entry whose prefix is the longest that begins `topic`; null if none does. `Entry` has a `prefix`.
template <typename Entry>
[[nodiscard]] const Entry* longest_prefix(const std::vector<Entry>& entries,
                                          std::string_view topic) noexcept {
  const Entry* best = nullptr;
  for (const Entry& entry : entries) {
    if (topic.starts_with(entry.prefix) && (best == nullptr || entry.prefix.size() > best->prefix.size())) {
      best = &entry;
    }
  }
  return best;
}

/// Throws `zevi::Error` that names the option and the remedy, if a prefix is none or stands twice, or there
/// are more than 256: publishers are told of them in one frame, beside those of the subscribers.
template <typename Entry>
void check_prefixes(const std::vector<Entry>& entries, const std::string& option) {
  constexpr std::size_t prefixes_max = 256;
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

/// Throws `zevi::Error` that names the option and the remedy, if a prefix is none or stands twice, or a limit
/// is outside its range.
void check_history(const std::vector<HistoryLimit>& limits, const std::vector<MaxAge>& ages);

}  // namespace zevi::broker

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "zevi/broker.hpp"

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

/// Throws `zevi::Error` that names the option and the remedy, if a prefix is none or stands twice, or a limit
/// is outside its range.
void check_history(const std::vector<HistoryLimit>& limits, const std::vector<MaxAge>& ages);

}  // namespace zevi::broker

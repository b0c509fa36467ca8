#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "zevi/wire/body.hpp"

namespace zevi::broker {

/// The time of the oldest event of a body that was taken in at `at`, which is not that of the first: threads
/// overtake one another.
[[nodiscard]] inline std::int64_t oldest_event_ns(std::string_view body, std::uint64_t at) noexcept {
  auto oldest = static_cast<std::int64_t>(at);
  wire::BodyReader entries(body);
  for (wire::Entry entry; entries.next(entry);) oldest = std::min(oldest, entry.time_ns);
  return oldest;
}

[[nodiscard]] inline bool has_expired(std::int64_t oldest_ns, std::chrono::nanoseconds max_age,
                                      std::uint64_t now_ns) noexcept {
  return max_age.count() > 0 && oldest_ns < static_cast<std::int64_t>(now_ns) - max_age.count();
}

}  // namespace zevi::broker

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "zevi/subscriber.hpp"

namespace zevi::subscriber {

/// Where to begin: at most one of these; none of them is now.
struct Beginning {
  bool oldest = false;
  std::optional<std::uint64_t> since_ns;
  std::optional<std::uint64_t> last;
  std::map<std::string, std::uint64_t> numbers;

  [[nodiscard]] bool is_now() const noexcept { return !oldest && !since_ns && !last && numbers.empty(); }
};

/// Throws `zevi::Error` if the options say more than one thing, or what cannot be.
[[nodiscard]] Beginning beginning_of(const SubscriberOptions& options);

/// Whether what was missed is fetched. Throws `zevi::Error` if the options need the history and leave it out.
[[nodiscard]] bool uses_history(const SubscriberOptions& options);

}  // namespace zevi::subscriber

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "zevi/subscriber/params.hpp"

/// What `zevi check` judges, apart from how it asks and shows.
namespace zevi::cli {

/// As monitoring systems number them; these are the exit codes.
enum class CheckState : std::uint8_t { ok = 0, warning = 1, critical = 2, unknown = 3 };

/// A wrong command line must not look like a broker in trouble.
inline constexpr int wrong_command_line = static_cast<int>(CheckState::unknown);

[[nodiscard]] std::string_view name_of(CheckState state) noexcept;

/// From `warning` on, and from `critical` on; none of them: never.
struct Limits {
  std::optional<std::uint64_t> warning;
  std::optional<std::uint64_t> critical;

  [[nodiscard]] CheckState judge(std::uint64_t value) const noexcept;
};

/// `WARNING,CRITICAL`, either of them `-` for never. Nothing if it is neither.
[[nodiscard]] std::optional<Limits> parse_limits(std::string_view text);

struct CheckThresholds {
  Limits lost_before;                ///< events lost before the broker, in the last minute
  Limits lost_after;                 ///< events that readers report as lost, in the last minute
  Limits publishers_lost;            ///< publishers that vanished without goodbye, in the last minute
  Limits store_left_out;             ///< events that the store did not take, in the last minute
  Limits memory_mb;                  ///< of the broker
  std::uint64_t publishers_min = 0;  ///< fewer live ones are critical
};

struct Finding {
  std::string name;  ///< in the form of a metric: `lost_before`
  CheckState state = CheckState::ok;
  std::uint64_t value = 0;
  Limits limits;
  std::string text;  ///< what it means, in words
};

/// One for each thing that is looked at, in a fixed order. `stats` is the broker's answer to that question.
[[nodiscard]] std::vector<Finding> judge(const Params& stats, const CheckThresholds& thresholds);

/// The worst of them.
[[nodiscard]] CheckState worst_of(const std::vector<Finding>& findings) noexcept;

}  // namespace zevi::cli

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "bridge.hpp"

/// Values of `--set NAME=VALUE`. Each throws `program::UsageError` if the value is none of its kind.
namespace zevi::bridges {

[[nodiscard]] const std::string& setting(const BusOptions& options, std::string_view name);
/// 0 for an empty value.
[[nodiscard]] std::chrono::nanoseconds duration_setting(const BusOptions& options, std::string_view name);
[[nodiscard]] std::uint64_t size_setting(const BusOptions& options, std::string_view name);
[[nodiscard]] std::uint64_t count_setting(const BusOptions& options, std::string_view name);
/// `on` or `off`.
[[nodiscard]] bool switch_setting(const BusOptions& options, std::string_view name);

}  // namespace zevi::bridges

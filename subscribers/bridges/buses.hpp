#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bridge.hpp"

namespace zevi::bridges {

/// The buses of this build.
[[nodiscard]] const std::vector<const BusKind*>& bus_kinds();

/// Throws `program::UsageError` if there is none for that scheme.
[[nodiscard]] const BusKind& find_bus_kind(std::string_view scheme);

/// The settings of `kind` with the values that `assignments` (`NAME=VALUE`) give them. Throws
/// `program::UsageError` for one that the bus does not know.
[[nodiscard]] std::map<std::string, std::string, std::less<>> settings_of(
    const BusKind& kind, const std::vector<std::string>& assignments);

/// What `--help` says about them.
[[nodiscard]] std::string describe_buses();

}  // namespace zevi::bridges

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "zevi/broker.hpp"

namespace zevi::broker {

[[nodiscard]] std::string_view name_of(EventFormat format) noexcept;

/// Throws `zevi::Error` that names the option and the remedy, if a route is wrong, or two contradict each
/// other. Where they listen is looked at by `Security::read`.
void check_routes(const BrokerOptions& options);

/// Prefixes whose topics are sent by routes alone.
[[nodiscard]] std::vector<std::string> prefixes_apart(const BrokerOptions& options);

/// Prefixes whose topics leave `stream` and are in that format nowhere else, so that libraries find nothing
/// of them live.
[[nodiscard]] std::vector<std::string> prefixes_without_stream(const BrokerOptions& options);

}  // namespace zevi::broker

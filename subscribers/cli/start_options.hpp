#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "program.hpp"
#include "zevi/subscriber.hpp"

/// The options of `zevi sub` that say where to begin and what to do about losses.
namespace zevi::cli {

void add_start_options(program::OptionTable& table);

/// Puts what they say into `options`, of which topics, feed and endpoint are set. Throws
/// `program::UsageError`, which names the options that contradict one another.
void read_start_options(const program::po::variables_map& values, SubscriberOptions& options);

/// `2024-05-31`, `2024-05-31T14:03`, `2024-05-31T14:03:12.5`, each with `Z` or `+02:00` behind it or in local
/// time; nothing if it is none of these.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text);

}  // namespace zevi::cli

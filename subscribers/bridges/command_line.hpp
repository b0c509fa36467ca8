#pragma once

#include <optional>
#include <string>
#include <vector>

#include "options.hpp"

namespace zevi::bridges {

/// The command line of `zevi bridge`, with the configuration file that it names.
struct CommandLine {
  std::vector<Options> bridges;  ///< at least one
  std::string config;            ///< the file that they are from; empty: the command line
  std::string metrics;           ///< where Prometheus is answered; empty: nowhere
  bool only_checks = false;      ///< nothing is to be run
};

/// Nothing if only help or the version was asked for. Throws `program::UsageError` or, for what is wrong with
/// the file, `program::ConfigError`.
[[nodiscard]] std::optional<CommandLine> parse_command_line(int argc, const char* const* argv);

}  // namespace zevi::bridges

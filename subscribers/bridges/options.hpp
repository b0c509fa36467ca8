#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "bridge.hpp"
#include "mapping.hpp"
#include "runner.hpp"

namespace zevi::bridges {

/// The command line of `zevi bridge to`, checked.
struct Options {
  const BusKind* kind = nullptr;
  BusOptions bus;
  RunnerOptions runner;
  Payload payload = Payload::json;
  bool is_dry_run = false;
};

/// Nothing if only help or the version was asked for. Throws `program::UsageError`.
[[nodiscard]] std::optional<Options> parse_options(int argc, const char* const* argv);

}  // namespace zevi::bridges

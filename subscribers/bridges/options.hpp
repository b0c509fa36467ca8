#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bridge.hpp"
#include "local_publishers.hpp"
#include "mapping.hpp"
#include "runner.hpp"

namespace zevi::bridges {

enum class Direction : std::uint8_t { to, from };

/// The command line of `zevi bridge`, checked.
struct Options {
  Direction direction = Direction::to;
  const BusKind* kind = nullptr;
  BusOptions bus;
  bool is_dry_run = false;
  // To a bus.
  RunnerOptions runner;
  Payload payload = Payload::json;
  // From a bus.
  std::string topic;  ///< the template of what events are called here
  LocalPublishers::Options local;
};

/// Nothing if only help or the version was asked for. Throws `program::UsageError`.
[[nodiscard]] std::optional<Options> parse_options(int argc, const char* const* argv);

}  // namespace zevi::bridges

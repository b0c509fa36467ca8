#pragma once

#include <cstdint>
#include <string>

#include "bridge.hpp"
#include "local_publishers.hpp"
#include "mapping.hpp"
#include "program.hpp"
#include "runner.hpp"

namespace zevi::bridges {

enum class Direction : std::uint8_t { to, from };

/// What one bridge is to do, checked.
struct Options {
  std::string name;  ///< of its section in a configuration file; empty: it is the only one
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

/// All but the direction and the URL.
void add_options(program::OptionTable& table);
/// `values` has these and the strings `direction` and `url`. Throws `program::UsageError`.
[[nodiscard]] Options read_options(const program::po::variables_map& values);

}  // namespace zevi::bridges

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "zevi/subscriber.hpp"

namespace zevi::cli {

/// The command line of `zevi sub`, checked.
struct SubOptions {
  SubscriberOptions subscriber;
  bool as_json = false;
  bool with_color = false;
  bool verbose = false;
  bool with_ledger = false;
  std::optional<std::uint64_t> count;
  std::optional<std::chrono::nanoseconds> wait;
};

/// Nothing if only help or the version was asked for. Throws `program::UsageError`.
[[nodiscard]] std::optional<SubOptions> parse_sub_options(int argc, const char* const* argv);

}  // namespace zevi::cli

#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "curve_options.hpp"

/// The options that all commands have which ask the broker about itself.
namespace zevi::cli {

struct ControlOptions {
  std::string runtime_dir;
  std::string endpoint;
  program::CurveOptions curve;
  std::chrono::nanoseconds timeout{0};
  bool as_json = false;
  std::optional<std::chrono::nanoseconds> watch;
};

/// Where the broker is and how long to wait for it: `--runtime-dir`, `--endpoint`, its keys,
/// `--timeout`.
void add_connection_options(program::OptionTable& table);
/// How it is shown: `--output`, `--watch`.
void add_output_options(program::OptionTable& table);

/// Reads both groups; the second only if it was added. Throws `UsageError`.
[[nodiscard]] ControlOptions control_options(const program::po::variables_map& values);

/// Calls `show()`, once, or again and again with `--watch`: on a terminal each time over the last.
template <typename Show>
void show_as_asked(const ControlOptions& options, Show show);

/// Clears a terminal before the next picture, and waits after it.
void begin_picture(const ControlOptions& options);
void wait_for_next_picture(const ControlOptions& options);

template <typename Show>
void show_as_asked(const ControlOptions& options, Show show) {
  do {
    begin_picture(options);
    show();
    wait_for_next_picture(options);
  } while (options.watch);
}

}  // namespace zevi::cli

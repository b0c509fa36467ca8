#include "control_options.hpp"

#include <unistd.h>

#include <iostream>
#include <thread>

#include "quantities.hpp"

namespace zevi::cli {

namespace {

namespace po = program::po;
using program::Duration;

constexpr std::chrono::seconds timeout_default{2};

Duration positive(const po::variables_map& values, const char* name) {
  const Duration chosen = values[name].as<Duration>();
  if (chosen.value.count() == 0) {
    throw program::UsageError("--" + std::string(name) + " is a time above 0: 500ms, 2s");
  }
  return chosen;
}

bool is_json(const po::variables_map& values) {
  const auto& format = values["output"].as<std::string>();
  if (format != "json" && format != "text") {
    throw program::UsageError("--output is json or text, not '" + format + "'");
  }
  return format == "json";
}

}  // namespace

void add_connection_options(program::OptionTable& table) {
  table.visible.add_options()("runtime-dir", po::value<std::string>()->default_value("")->value_name("DIR"),
                              "the broker's directory; default $ZEVI_RUNTIME_DIR, else /run/zevi, else "
                              "$XDG_RUNTIME_DIR/zevi");
  table.visible.add_options()("endpoint", po::value<std::string>()->default_value("")->value_name("ENDPOINT"),
                              "ask here instead: ipc://PATH or tcp://HOST:PORT");
  program::add_curve_options(table);
  table.visible.add_options()("timeout,t",
                              po::value<Duration>()->default_value({timeout_default})->value_name("DURATION"),
                              "how long to wait for an answer");
}

void add_output_options(program::OptionTable& table) {
  table.visible.add_options()("output,o",
                              po::value<std::string>()->default_value("text")->value_name("FORMAT"),
                              "text: for people; json: one object a line, for programs");
  table.visible.add_options()("watch,w", po::value<Duration>()->value_name("DURATION"),
                              "ask again after so long, until Ctrl-C: 1s, 500ms");
}

ControlOptions control_options(const po::variables_map& values) {
  ControlOptions options;
  options.runtime_dir = values["runtime-dir"].as<std::string>();
  options.endpoint = values["endpoint"].as<std::string>();
  options.curve = program::curve_options(values);
  options.timeout = positive(values, "timeout").value;
  if (values.count("output") != 0) options.as_json = is_json(values);
  if (values.count("watch") != 0) options.watch = positive(values, "watch").value;
  return options;
}

void begin_picture(const ControlOptions& options) {
  constexpr std::string_view clear = "\x1B[H\x1B[J";
  if (options.watch && !options.as_json && isatty(STDOUT_FILENO) != 0) std::cout << clear;
}

void wait_for_next_picture(const ControlOptions& options) {
  std::cout << std::flush;
  if (!std::cout) throw Error("cannot write to standard output");
  if (options.watch) std::this_thread::sleep_for(*options.watch);
}

}  // namespace zevi::cli

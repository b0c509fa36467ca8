#include <exception>
#include <iostream>
#include <string>

#include "check_findings.hpp"
#include "check_formats.hpp"
#include "control_client.hpp"
#include "control_options.hpp"
#include "no_broker.hpp"

namespace zevi::cli {

namespace {

namespace po = program::po;

constexpr program::About about{
    "zevi check", "[OPTION]...",
    "Judges the broker for a monitoring system. Whether it answers, whether events were lost or publishers\n"
    "vanished in the last minute, whether the disk of its store is full or fails, and whatever else has a\n"
    "limit. LIMITS are WARNING,CRITICAL: the numbers from which on it is one, or - for never.",
    "  zevi check\n"
    "  zevi check --format nagios --lost-before 100,10000 --publishers-min 4\n"
    "  zevi check --format prometheus > /var/lib/node_exporter/zevi.prom",
    "0 ok, 1 warning, 2 critical (also when no broker answers), 3 unknown (a wrong command\n"
    "line, or an answer that is none)."};

struct CheckOptions {
  ControlOptions control;
  CheckThresholds thresholds;
  std::string format;
};

program::OptionTable option_table() {
  program::OptionTable table;
  const auto limits = [&table](const char* name, const char* standard, const char* meaning) {
    table.visible.add_options()(name, po::value<std::string>()->default_value(standard)->value_name("LIMITS"),
                                meaning);
  };
  table.visible.add_options()(
      "format,f", po::value<std::string>()->default_value("text")->value_name("FORMAT"),
      "text, nagios (one line with performance data), json, or prometheus (all counters)");
  limits("lost-before", "1,1000", "events lost before the broker in the last minute");
  limits("lost-after", "1,1000", "events that readers report as lost in the last minute");
  limits("publishers-lost", "1,10", "publishers that vanished without goodbye in the last minute");
  limits("store-left-out", "1,1", "events that the store did not take in the last minute: its disk fails");
  limits("memory-mb", "-,-", "memory of the broker, in millions of bytes");
  table.visible.add_options()("publishers-min", po::value<std::uint64_t>()->default_value(0)->value_name("N"),
                              "fewer publishers that are up are critical");
  add_connection_options(table);
  return table;
}

Limits limits_of(const po::variables_map& values, const char* name) {
  const auto& text = values[name].as<std::string>();
  if (const auto limits = parse_limits(text)) return *limits;
  throw program::UsageError("--" + std::string(name) + " is WARNING,CRITICAL, each a number or -, not '" +
                            text + "'");
}

std::string format_of(const po::variables_map& values) {
  const auto& format = values["format"].as<std::string>();
  for (const char* const known : {"text", "nagios", "json", "prometheus"}) {
    if (format == known) return format;
  }
  throw program::UsageError("--format is text, nagios, json or prometheus, not '" + format + "'");
}

void show(const CheckOptions& options, const std::vector<Finding>& findings, const Params& stats,
          const std::vector<std::string>& counters) {
  std::string out;
  if (options.format == "nagios") {
    append_check_nagios(out, findings);
  } else if (options.format == "json") {
    append_check_json(out, findings);
  } else if (options.format == "prometheus") {
    append_check_prometheus(out, findings, stats, counters);
  } else {
    append_check_text(out, findings);
  }
  std::cout << out;
}

int check_broker(const CheckOptions& options) {
  std::vector<Finding> findings;
  std::string stats;
  std::vector<std::string> counters;
  try {
    ControlClient broker(options.control);
    stats = broker.ask_stats().rows.front();
    if (options.format == "prometheus") counters = broker.ask("counters").rows;
    findings = judge(Params(stats), options.thresholds);
  } catch (const NoBroker& error) {
    findings.push_back({"broker", CheckState::critical, 0, {}, error.what()});
  } catch (const std::exception& error) {
    findings.push_back({"broker", CheckState::unknown, 0, {}, error.what()});
  }
  show(options, findings, Params(stats), counters);
  return static_cast<int>(worst_of(findings));
}

int run(int argc, const char* const* argv) {
  program::OptionTable table = option_table();
  po::variables_map values;
  if (!program::parse(about, table, argc, argv, values)) return program::exit_ok;
  CheckOptions options;
  options.control = control_options(values);
  options.format = format_of(values);
  options.thresholds = {limits_of(values, "lost-before"),     limits_of(values, "lost-after"),
                        limits_of(values, "publishers-lost"), limits_of(values, "store-left-out"),
                        limits_of(values, "memory-mb"),       values["publishers-min"].as<std::uint64_t>()};
  return check_broker(options);
}

}  // namespace

}  // namespace zevi::cli

int main(int argc, char** argv) {
  return zevi::program::run(
      "zevi check", [&] { return zevi::cli::run(argc, argv); }, zevi::cli::wrong_command_line);
}

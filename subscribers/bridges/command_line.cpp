#include "command_line.hpp"

#include <string_view>
#include <utility>

#include "bridge_run.hpp"
#include "buses.hpp"
#include "config_file.hpp"
#include "metrics_option.hpp"

namespace zevi::bridges {

namespace {

namespace po = program::po;

constexpr std::string_view examples =
    "  zevi bridge to nats://127.0.0.1:4222 --topic 'E_CORE_*' --subject 'opensips.{host}.{topic}'\n"
    "  zevi bridge to nats://127.0.0.1:4222 --topic E_ACC_CDR --from start --set stream=CDR\n"
    "  zevi bridge to file:///var/log/zevi/{topic}.ndjson --topic 'E_CORE_*' --set rotate-size=64MB\n"
    "  zevi bridge from nats://127.0.0.1:4222 --subject 'opensips.>' --jetstream\n"
    "  zevi bridge to 'exec:jq --unbuffered -c .params >> params.json' --topic E_ACC_CDR --from start\n"
    "  zevi bridge to file:///tmp/a.ndjson --topic '*' --from start --no-follow --dry-run\n"
    "  zevi bridge --config /etc/zevi/bridges/all.conf\n\n"
    "Exit status: 0 after SIGTERM or Ctrl-C, and behind the history with --no-follow; 1 for a failure,\n"
    "2 for a wrong command line, 78 for a wrong configuration file. A bus that is away is no failure: it is "
    "tried again.";

constexpr std::string_view purpose =
    "Carries events to another bus, or from there into the broker. To a bus it sends every event that the\n"
    "broker's history still has, in the order of its topic, across restarts of bus, broker and bridge. The\n"
    "cursor is moved only behind what the bus has acknowledged. What the history holds no longer is "
    "reported\n"
    "by its numbers. From a bus it acknowledges what the broker has taken in, and leaves out what has come\n"
    "through this side before.\n\n"
    "A TEMPLATE is filled in for each event: {topic}, {host} and {src} (where it was published), {name};\n"
    "and, from a bus, {subject}.\n\n"
    "A configuration file has a section [NAME] for each bridge, with `direction = to`, `url = URL` and the\n"
    "options below, `topic = E_CORE_*`, `tls = on`. They run side by side; one that fails is started again.\n"
    "`metrics = ADDRESS`, for all of them together, stands before the first section.";

/// Where a bridge begins and ends: arguments of a command line, options of a section.
void add_ends(po::options_description& description) {
  description.add_options()("direction", po::value<std::string>()->value_name("to|from"), "which way");
  description.add_options()("url", po::value<std::string>()->value_name("URL"), "of the bus");
}

Options read_section(const std::string& path, const program::ConfigSection& section) {
  program::OptionTable table;
  add_options(table);
  add_ends(table.visible);
  program::add_metrics_option(table);
  table.command_line_only = {"dry-run"};
  table.not_in_sections = {"metrics"};
  po::variables_map values;
  program::read_config_section(path, section, table, values);
  const std::string direction = values.count("direction") == 0 ? "" : values["direction"].as<std::string>();
  if (direction != "to" && direction != "from") throw program::UsageError("say direction = to, or from");
  Options options = read_options(values);
  options.name = section.name;
  check(options);
  return options;
}

/// What stands before the first section is for all of them.
void read_head(const std::string& path, const program::ConfigSection& head, po::variables_map& values) {
  program::OptionTable table;
  program::add_metrics_option(table);
  try {
    program::read_config_section(path, head, table, values);
  } catch (const program::ConfigError& error) {
    throw program::ConfigError(std::string(error.what()) +
                               ", before the first section, which begins with [NAME]");
  }
}

/// For what `values` leave open of all bridges together.
std::vector<Options> read_bridges(const std::string& path, po::variables_map& values) {
  const program::SectionedFile file = program::read_sectioned_file(path);
  read_head(path, file.head, values);
  std::vector<Options> bridges;
  for (const program::ConfigSection& section : file.sections) {
    try {
      bridges.push_back(read_section(path, section));
    } catch (const program::ConfigError&) {
      throw;
    } catch (const Error& error) {
      throw program::ConfigError(path + ":" + std::to_string(section.line) + ": [" + section.name +
                                 "]: " + error.what());
    }
  }
  return bridges;
}

/// What would apply to no bridge in particular would be passed over in silence.
void refuse_others(const po::variables_map& values, const std::string& option, const std::string& beside) {
  for (const auto& [name, value] : values) {
    if (name == option || name == beside || value.defaulted()) continue;
    throw program::UsageError("with --" + option + ", '" + name + "' belongs into the file");
  }
}

}  // namespace

std::optional<CommandLine> parse_command_line(int argc, const char* const* argv) {
  const std::string behind_options = std::string(examples) + "\n\n" + describe_buses();
  const program::About about{"zevi bridge", "to|from URL [OPTION]... | --config FILE", purpose,
                             behind_options};
  program::OptionTable table;
  add_options(table);
  program::add_metrics_option(table);
  table.visible.add_options()("config", po::value<std::string>()->value_name("FILE"),
                              "run the bridges of this file, instead of one of the command line");
  table.visible.add_options()("check-config", po::value<std::string>()->value_name("FILE"),
                              "say what is wrong with such a file, and run nothing");
  add_ends(table.hidden);
  table.positional.add("direction", 1).add("url", 1);
  po::variables_map values;
  if (!program::parse(about, table, argc, argv, values)) return std::nullopt;
  CommandLine line;
  for (const char* const option : {"config", "check-config"}) {
    if (values.count(option) == 0) continue;
    line.only_checks = option == std::string_view("check-config");
    refuse_others(values, option, line.only_checks ? "" : "metrics");
    line.config = values[option].as<std::string>();
    line.bridges = read_bridges(line.config, values);
    line.metrics = values["metrics"].as<std::string>();
    return line;
  }
  line.metrics = values["metrics"].as<std::string>();
  line.bridges.push_back(read_options(values));
  return line;
}

}  // namespace zevi::bridges

#include "sub_options.hpp"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "curve_options.hpp"
#include "program.hpp"
#include "quantities.hpp"
#include "start_options.hpp"
#include "zevi/topic.hpp"

namespace zevi::cli {

namespace {

namespace po = program::po;

constexpr program::About about{
    "zevi sub", "[OPTION]... TOPIC...",
    "Prints events as they come, one a line. A TOPIC is the exact name of an event, or a prefix\n"
    "with a star, which the shell must not see: 'E_CORE_*'; '*' is every event.\n\n"
    "A JSON line has the keys topic, q (the event's number in its topic), time_ns, src, pid and params.\n"
    "Nothing is lost in it: integers have all their digits, bytes that are no UTF-8 text are\n"
    "{\"$bin\": \"BASE64\"}, and what JSON has no number for is {\"$float\": \"nan\"}, \"inf\" or \"-inf\".\n"
    "What was missed is fetched from the broker's history; what is lost all the same is reported on\n"
    "standard error.",
    "  zevi sub E_CORE_LOG\n"
    "  zevi sub 'E_CORE_*' E_PROFILING_PROC --output json | jq .params\n"
    "  zevi sub E_CORE_LOG --count 1 --wait 30s\n"
    "  zevi sub 'E_CORE_*' --since 5m --no-follow\n"
    "  zevi sub E_ACC_CDR --cursor /var/lib/me/cdr.cursor --from start >> cdr.json\n"
    "  zevi sub '*' --endpoint tcp://192.0.2.7:5555",
    "0 after --count events, behind the history with --no-follow, or when the reader of a\n"
    "pipe has gone; 1 for a failure, or with --no-follow if the history cannot be had;\n"
    "2 for a wrong command line, 124 when --wait has passed, 130 after Ctrl-C, 143 after SIGTERM."};

program::OptionTable option_table() {
  program::OptionTable table;
  table.visible.add_options()("output,o", po::value<std::string>()->value_name("FORMAT"),
                              "json: one object a line; text: for people; default text on a terminal, "
                              "else json");
  table.visible.add_options()("color", po::value<std::string>()->default_value("auto")->value_name("WHEN"),
                              "always, never, or auto: on a terminal, unless $NO_COLOR is set or $TERM is "
                              "dumb");
  table.visible.add_options()("count,n", po::value<std::string>()->value_name("N"), "stop after N events");
  table.visible.add_options()("wait,w", po::value<program::Duration>()->value_name("DURATION"),
                              "stop with exit status 124 when nothing has come for so long: 500ms, 10s, 5m");
  add_start_options(table);
  table.visible.add_options()("ledger", "end with what arrived of each topic, what was lost, and where");
  table.visible.add_options()("events", "read the endpoint for scripts, one event a message");
  table.visible.add_options()("runtime-dir", po::value<std::string>()->default_value("")->value_name("DIR"),
                              "the broker's directory; default $ZEVI_RUNTIME_DIR, else /run/zevi, else "
                              "$XDG_RUNTIME_DIR/zevi");
  table.visible.add_options()("endpoint", po::value<std::string>()->default_value("")->value_name("ENDPOINT"),
                              "connect here instead: ipc://PATH or tcp://HOST:PORT");
  program::add_curve_options(table);
  table.visible.add_options()("verbose,v", "say on standard error when the subscription is live");
  table.hidden.add_options()("topic", po::value<std::vector<std::string>>());
  table.positional.add("topic", -1);
  return table;
}

std::vector<std::string> topics(const po::variables_map& values) {
  if (values.count("topic") == 0) throw program::UsageError("no TOPIC given");
  auto chosen = values["topic"].as<std::vector<std::string>>();
  for (const std::string& topic : chosen) {
    try {
      static_cast<void>(TopicFilter(topic));
    } catch (const Error& error) {
      throw program::UsageError(error.what());
    }
  }
  return chosen;
}

bool is_json(const po::variables_map& values) {
  if (values.count("output") == 0) return isatty(STDOUT_FILENO) == 0;
  const auto& format = values["output"].as<std::string>();
  if (format != "json" && format != "text") {
    throw program::UsageError("--output is json or text, not '" + format + "'");
  }
  return format == "json";
}

bool is_colored(const po::variables_map& values) {
  const auto& when = values["color"].as<std::string>();
  if (when == "always") return true;
  if (when == "never") return false;
  if (when != "auto") throw program::UsageError("--color is auto, always or never, not '" + when + "'");
  const char* const no_color = std::getenv("NO_COLOR");
  const char* const term = std::getenv("TERM");
  return isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || *no_color == '\0') &&
         (term == nullptr || std::string_view(term) != "dumb");
}

std::optional<std::uint64_t> count(const po::variables_map& values) {
  if (values.count("count") == 0) return std::nullopt;
  const auto& text = values["count"].as<std::string>();
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end || number == 0) {
    throw program::UsageError("--count is a number of events from 1, not '" + text + "'");
  }
  return number;
}

}  // namespace

std::optional<SubOptions> parse_sub_options(int argc, const char* const* argv) {
  program::OptionTable table = option_table();
  po::variables_map values;
  if (!program::parse(about, table, argc, argv, values)) return std::nullopt;
  SubOptions options;
  options.subscriber.topics = topics(values);
  options.subscriber.runtime_dir = values["runtime-dir"].as<std::string>();
  options.subscriber.endpoint = values["endpoint"].as<std::string>();
  const program::CurveOptions curve = program::curve_options(values);
  options.subscriber.curve_key = curve.key_file;
  options.subscriber.curve_server_key = curve.server_key;
  options.subscriber.feed = values.count("events") != 0 ? Feed::events : Feed::stream;
  read_start_options(values, options.subscriber);
  options.with_ledger = values.count("ledger") != 0;
  options.as_json = is_json(values);
  options.with_color = is_colored(values);
  options.verbose = values.count("verbose") != 0;
  options.count = count(values);
  if (values.count("wait") != 0) options.wait = values["wait"].as<program::Duration>().value;
  return options;
}

}  // namespace zevi::cli

#include "zevid_options.hpp"

#include <charconv>
#include <string>
#include <vector>

#include "history/retention.hpp"
#include "history_options.hpp"
#include "metrics/broker_metrics.hpp"
#include "metrics_option.hpp"
#include "quantities.hpp"
#include "route_options.hpp"
#include "zevi/endpoints.hpp"

namespace zevi::broker {

namespace {

using program::ByteSize;
using program::Duration;
namespace po = program::po;
using Texts = std::vector<std::string>;

bool is_on(const po::variables_map& values, const char* name) {
  const auto& chosen = values[name].as<std::string>();
  if (chosen == "on" || chosen == "off") return chosen == "on";
  throw program::UsageError("--" + std::string(name) + " is on or off, not '" + chosen + "'");
}

unsigned socket_mode(const std::string& text) {
  unsigned mode = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, mode, 8);
  if (error == std::errc{} && rest == end) return mode;
  throw program::UsageError("--socket-mode is 0600, 0660 or 0666, not '" + text + "'");
}

}  // namespace

program::Log::Level log_level(const po::variables_map& values) {
  const auto& level = values["log-level"].as<std::string>();
  if (level == "error") return program::Log::Level::error;
  if (level == "warning") return program::Log::Level::warning;
  if (level == "info") return program::Log::Level::info;
  throw program::UsageError("--log-level is error, warning or info, not '" + level + "'");
}

program::OptionTable option_table() {
  const BrokerOptions defaults;
  program::OptionTable table;
  table.config_option = "config";
  table.command_line_only = {"check-config", "print-config", "check-store", "repair-store"};
  table.visible.add_options()(
      "runtime-dir", po::value<std::string>()->default_value("")->value_name("DIR"),
      "directory of the sockets and the lock; default $ZEVI_RUNTIME_DIR, else the first of "
      "$RUNTIME_DIRECTORY, else /run/zevi for root, else $XDG_RUNTIME_DIR/zevi")(
      "ingress", po::value<std::string>()->default_value("")->value_name("ENDPOINT"),
      "where publishers connect; default ipc://DIR/ingress")(
      "stream", po::value<std::string>()->default_value("")->value_name("ENDPOINT"),
      "where libraries and bridges subscribe; default ipc://DIR/stream")(
      "events", po::value<std::string>()->default_value("")->value_name("ENDPOINT"),
      "where scripts subscribe, one event a message; default ipc://DIR/events")(
      "replay", po::value<std::string>()->default_value("")->value_name("ENDPOINT"),
      "where readers ask for what is kept; default ipc://DIR/replay")(
      "control", po::value<std::string>()->default_value("")->value_name("ENDPOINT"),
      "where programs ask about the broker: zevi status; default ipc://DIR/control")(
      "route", po::value<Texts>()->default_value({}, "none")->value_name("PREFIX=ENDPOINT[,SETTING...]"),
      "an endpoint of their own for the topics that begin with PREFIX (*: all topics), which then leave "
      "stream "
      "and events, unless one SETTING is also; others are format=stream (libraries find it by themselves), "
      "format=events or format=json (one frame an event, TOPIC {...}), queue=N (messages that may wait for "
      "one "
      "subscriber) and access=FILE (who may subscribe there); repeatable")(
      "socket-mode", po::value<std::string>()->default_value("0660")->value_name("MODE"),
      "who may connect, as the mode of the socket files: 0600, 0660 or 0666")(
      "socket-group", po::value<std::string>()->default_value("")->value_name("GROUP"),
      "group of the socket files, and of DIR when it is made; default the group of the process")(
      "access", po::value<std::string>()->default_value("")->value_name("FILE"),
      "who may publish, subscribe, ask for what is kept and ask about the broker, by user, group or key; "
      "default whoever can open the socket")("curve-key",
                                             po::value<std::string>()->default_value("")->value_name("FILE"),
                                             "the secret key of tcp:// endpoints, as zevi keys generate "
                                             "makes it; needed beyond the loopback interface, "
                                             "with --access")(
      "history",
      po::value<Texts>()
          ->default_value({"=64MB", "E_PROFILING_=none"}, "64MB for all topics, none for E_PROFILING_")
          ->value_name("PREFIX=LIMIT[,LIMIT...]"),
      "what is kept in memory of the topics that begin with PREFIX (*: all topics; the longest counts): "
      "a size (64MB, also if none is named), an age (24h), a count (1000000events), or none; repeatable; "
      "topics under no PREFIX are not kept; none alone: nothing is")(
      "max-age", po::value<Texts>()->default_value({}, "none")->value_name("PREFIX=TIME"),
      "no event of the topics that begin with PREFIX is passed on or replayed when it is older; repeatable")(
      "store", po::value<std::string>()->default_value("")->value_name("DIR"),
      "keep what the history keeps in DIR too, on the disk, so that it outlives the broker; made if it does "
      "not "
      "exist; for one broker at a time")(
      "store-size", po::value<ByteSize>()->default_value({defaults.store_bytes_max})->value_name("SIZE"),
      "what each PREFIX of --history may take on the disk; its age and count hold there too, all to the 32nd "
      "part; the database needs up to half as much again")(
      "ack", po::value<Texts>()->default_value({}, "memory for all topics")->value_name("PREFIX=LEVEL"),
      "when publishers may forget events of the topics that begin with PREFIX: memory, once they are taken "
      "in; "
      "written, safe when the broker is killed; synced, safe when the machine loses power; repeatable")(
      "check-store", po::value<std::string>()->value_name("DIR"),
      "read the whole store of a stopped broker, say whether it is sound, and exit: 0 if it is, else 1")(
      "repair-store", po::value<std::string>()->value_name("DIR"),
      "make a damaged store usable again with all that can be read of it, and exit")(
      "interest-linger", po::value<Duration>()->default_value({defaults.interest_linger})->value_name("TIME"),
      "how long a topic stays wanted after its last subscriber left")(
      "coalesce", po::value<Duration>()->default_value({defaults.coalesce_max})->value_name("TIME"),
      "the longest that small batches of a busy topic wait to be joined")(
      "subscriber-budget",
      po::value<ByteSize>()->default_value({defaults.subscriber_budget_bytes})->value_name("SIZE"),
      "what may wait for one subscriber of the stream endpoint before it loses events")(
      "events-queue", po::value<int>()->default_value(defaults.events_queue_max)->value_name("N"),
      "events that may wait for one subscriber of the events endpoint")(
      "catalogue", po::value<Texts>()->default_value({}, "open for all topics")->value_name("PREFIX=POLICY"),
      "what becomes of events of the topics that begin with PREFIX that the catalogue does not know or "
      "describes "
      "otherwise: open, they pass; warn, they pass, counted and logged; strict, their batch is refused; "
      "repeatable")("catalogue-file", po::value<Texts>()->default_value({}, "none")->value_name("FILE"),
                    "describes events beside those of OpenSIPS, which are known; repeatable")(
      "memory-max", po::value<ByteSize>()->default_value({defaults.memory_bytes_max})->value_name("SIZE"),
      "what the whole process may hold in memory; near it, the history gives up its oldest events, then "
      "subscribers "
      "that do not read are cut off, and at it publishers are refused; 0: no limit but those of its parts")(
      "subscriber-prefixes",
      po::value<std::uint64_t>()->default_value(defaults.subscriber_prefixes_max)->value_name("N"),
      "prefixes that one connection may subscribe to; with more it is cut off")(
      "publisher-rate",
      po::value<std::uint64_t>()->default_value(defaults.publisher_limits.events_per_second)->value_name("N"),
      "events a second of one publisher, in the long run; batches beyond it are refused in words, and "
      "counted; 0: any number")(
      "publisher-topics",
      po::value<std::uint64_t>()->default_value(defaults.publisher_limits.topics)->value_name("N"),
      "topics of one publisher; at most 1024")(
      "publisher-window",
      po::value<ByteSize>()->default_value({defaults.publisher_limits.window_bytes})->value_name("SIZE"),
      "what one publisher may have sent and not seen acknowledged; then it keeps the rest in its rings")(
      "notices", po::value<std::string>()->default_value("on")->value_name("WHEN"),
      "on or off: whether the broker publishes events of its own (E_ZEVI_...) about its publishers");
  program::add_metrics_option(table);
  table.visible.add_options()("log-level",
                              po::value<std::string>()->default_value("info")->value_name("LEVEL"),
                              "what is logged: error, warning (and errors), or info (everything)")(
      "drain", po::value<Duration>()->default_value({defaults.drain_max})->value_name("TIME"),
      "how long events are still taken in and delivered after SIGTERM")(
      "config,c", po::value<std::string>()->value_name("FILE"),
      "read options from FILE, a line each: name = value; the command line goes before it")(
      "check-config", po::value<std::string>()->value_name("FILE"),
      "say whether a broker would take FILE, and exit: 0 if it would, else 78")(
      "print-config",
      "show the options in use, of command line, file and defaults, as a configuration file, and exit");
  return table;
}

BrokerOptions broker_options(const po::variables_map& values, const program::Log& log) {
  using std::chrono::duration_cast;
  BrokerOptions options;
  options.runtime_dir = broker_runtime_dir(values["runtime-dir"].as<std::string>());
  options.ingress = values["ingress"].as<std::string>();
  options.stream = values["stream"].as<std::string>();
  options.events = values["events"].as<std::string>();
  options.replay = values["replay"].as<std::string>();
  options.control = values["control"].as<std::string>();
  options.socket_mode = socket_mode(values["socket-mode"].as<std::string>());
  options.socket_group = values["socket-group"].as<std::string>();
  options.access = values["access"].as<std::string>();
  options.curve_key = values["curve-key"].as<std::string>();
  try {
    options.history = parse_history(values["history"].as<Texts>());
    options.max_age = parse_max_age(values["max-age"].as<Texts>());
    options.acks = parse_acks(values["ack"].as<Texts>());
    options.catalogue = parse_catalogue(values["catalogue"].as<Texts>());
    options.routes = parse_routes(values["route"].as<Texts>());
    check_history(options.history, options.max_age);
  } catch (const Error& error) {
    throw program::UsageError(error.what());
  }
  options.store = values["store"].as<std::string>();
  options.store_bytes_max = values["store-size"].as<ByteSize>().value;
  options.interest_linger =
      duration_cast<std::chrono::milliseconds>(values["interest-linger"].as<Duration>().value);
  options.coalesce_max = duration_cast<std::chrono::microseconds>(values["coalesce"].as<Duration>().value);
  options.subscriber_budget_bytes = values["subscriber-budget"].as<ByteSize>().value;
  options.events_queue_max = values["events-queue"].as<int>();
  options.catalogue_files = values["catalogue-file"].as<Texts>();
  options.memory_bytes_max = values["memory-max"].as<ByteSize>().value;
  options.subscriber_prefixes_max = values["subscriber-prefixes"].as<std::uint64_t>();
  options.publisher_limits = {values["publisher-rate"].as<std::uint64_t>(),
                              values["publisher-topics"].as<std::uint64_t>(),
                              values["publisher-window"].as<ByteSize>().value};
  options.notices = is_on(values, "notices");
  if (!values["metrics"].as<std::string>().empty()) options.figures_topics_max = metered_topics_max;
  options.drain_max = duration_cast<std::chrono::milliseconds>(values["drain"].as<Duration>().value);
  options.log = [&log](LogLevel level, std::string_view text) {
    switch (level) {
      case LogLevel::info:
        return log.info(text);
      case LogLevel::warning:
        return log.warning(text);
      case LogLevel::error:
        return log.error(text);
    }
  };
  return options;
}

}  // namespace zevi::broker

#include "options.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "buses.hpp"
#include "cursor_place.hpp"
#include "curve_options.hpp"
#include "program.hpp"
#include "quantities.hpp"
#include "secrets.hpp"
#include "start_options.hpp"
#include "zevi/topic.hpp"

namespace zevi::bridges {

namespace {

namespace po = program::po;

std::vector<std::string> texts_of(const po::variables_map& values, const char* name) {
  return values.count(name) == 0 ? std::vector<std::string>() : values[name].as<std::vector<std::string>>();
}

/// What says something about the other direction would be passed over in silence.
void refuse_of_other_direction(const po::variables_map& values) {
  for (const char* const name : {"payload", "cursor", "no-cursor", "since", "last", "no-follow", "max-age",
                                 "relay", "window", "drain", "replay"}) {
    if (values.count(name) != 0 && !values[name].defaulted()) {
      throw program::UsageError("--" + std::string(name) + " is for zevi bridge to");
    }
  }
  if (values.count("from") != 0 && texts_of(values, "from") != std::vector<std::string>{"start"}) {
    throw program::UsageError("zevi bridge from begins now, or with --from start");
  }
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

std::string read_name(const po::variables_map& values) {
  const std::string name = values.count("name") != 0 ? values["name"].as<std::string>() : host_name();
  constexpr std::size_t name_bytes_max = 64;
  const bool is_plain =
      std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c != ',' && c < 0x7F; });
  if (name.empty() || name.size() > name_bytes_max || !is_plain) {
    throw program::UsageError("--name is 1 to 64 characters of ASCII without blanks and commas, not '" +
                              name + "'");
  }
  return name;
}

std::vector<std::string> read_topics(const po::variables_map& values) {
  std::vector<std::string> topics = texts_of(values, "topic");
  if (topics.empty()) throw program::UsageError("no --topic given");
  for (const std::string& topic : topics) {
    try {
      static_cast<void>(TopicFilter(topic));
    } catch (const Error& error) {
      throw program::UsageError(error.what());
    }
  }
  return topics;
}

Payload read_payload(const po::variables_map& values, const BusKind& kind) {
  const auto& format = values["payload"].as<std::string>();
  if (format == "json") return Payload::json;
  if (format != "msgpack") throw program::UsageError("--payload is json or msgpack, not '" + format + "'");
  if (kind.takes_lines) throw program::UsageError(std::string(kind.scheme) + " takes lines of json alone");
  return Payload::msgpack;
}

BusOptions read_bus(const po::variables_map& values, BusUrl url, const BusKind& kind) {
  BusOptions options;
  options.credentials = read_credentials(values, url);
  options.tls = read_tls(values);
  options.name = read_name(values);
  std::vector<std::string> settings = texts_of(values, "set");
  if (values.count("jetstream") != 0) settings.emplace_back("jetstream=on");
  options.settings = settings_of(kind, settings);
  options.url = std::move(url);
  return options;
}

std::string read_subject(const po::variables_map& values, const Options& options) {
  const BusKind& kind = *options.kind;
  if (values.count("subject") != 0) {
    if (kind.subject.empty()) throw program::UsageError(std::string(kind.scheme) + " has no subject");
    return values["subject"].as<std::string>();
  }
  if (options.direction == Direction::from)
    throw program::UsageError("no --subject given: what is to be read?");
  if (!kind.subject.empty()) return std::string(kind.subject);
  return kind.scheme == "file" ? options.bus.url.path : "";
}

/// A place for the cursor, unless there is to be none.
std::string read_cursor(const po::variables_map& values, const Options& options) {
  const auto& given = values["cursor"].as<std::string>();
  if (values.count("no-cursor") != 0 || options.is_dry_run) return "";
  if (!given.empty()) return given;
  const char* const runtime_dir = std::getenv("ZEVI_RUNTIME_DIR");
  std::string what = options.bus.url.shown() + '\n' + options.bus.subject + '\n' +
                     values["endpoint"].as<std::string>() + '\n' + values["runtime-dir"].as<std::string>() +
                     '\n' + (runtime_dir == nullptr ? "" : runtime_dir);
  for (const std::string& topic : options.runner.subscriber.topics) what += '\n' + topic;
  return default_cursor(options.bus.url.shown(), what);
}

void read_subscriber(po::variables_map values, Options& options) {
  SubscriberOptions& subscriber = options.runner.subscriber;
  subscriber.topics = read_topics(values);
  subscriber.runtime_dir = values["runtime-dir"].as<std::string>();
  subscriber.endpoint = values["endpoint"].as<std::string>();
  const std::string cursor = read_cursor(values, options);
  values.erase("cursor");
  values.insert({"cursor", po::variable_value(cursor, false)});
  cli::read_start_options(values, subscriber);
}

Direction read_direction(const po::variables_map& values) {
  const std::string word = values.count("direction") == 0 ? "" : values["direction"].as<std::string>();
  if (word == "to") return Direction::to;
  if (word == "from") return Direction::from;
  throw program::UsageError("say which way: zevi bridge to URL, or zevi bridge from URL");
}

void read_to(const po::variables_map& values, Options& options) {
  options.payload = read_payload(values, *options.kind);
  read_subscriber(values, options);
  RunnerOptions& runner = options.runner;
  const program::CurveOptions curve = program::curve_options(values);
  runner.subscriber.curve_key = curve.key_file;
  runner.subscriber.curve_server_key = curve.server_key;
  runner.bus = options.is_dry_run ? "standard output (nothing is sent)" : options.bus.url.shown();
  runner.relays = values.count("relay") != 0 || options.kind->make_source == nullptr;
  runner.window_messages = values["window"].as<std::uint32_t>();
  if (runner.window_messages == 0) throw program::UsageError("--window is a number from 1");
  runner.window_bytes = std::size_t{16} * 1024 * 1024;
  if (values.count("max-age") != 0) runner.max_age = values["max-age"].as<program::Duration>().value;
  runner.drain = values["drain"].as<program::Duration>().value;
  runner.answer_within = options.kind->answer_within;
}

void read_from(const po::variables_map& values, Options& options) {
  if (options.kind->make_source == nullptr) {
    throw program::UsageError("nothing can be read from " + std::string(options.kind->scheme));
  }
  refuse_of_other_direction(values);
  const std::vector<std::string> topics = texts_of(values, "topic");
  if (topics.size() > 1) throw program::UsageError("zevi bridge from takes one --topic, a template");
  options.topic = topics.empty() ? "{topic}" : topics.front();
  options.bus.from_start = values.count("from") != 0;
  options.local = {.runtime_dir = values["runtime-dir"].as<std::string>(),
                   .endpoint = values["endpoint"].as<std::string>(),
                   .curve = program::curve_options(values)};
  options.bus.only_looks = options.is_dry_run;
}

}  // namespace

void add_options(program::OptionTable& table) {
  const auto add = [&](const char* name, const char* value, const char* meaning) {
    table.visible.add_options()(name, po::value<std::string>()->value_name(value), meaning);
  };
  using Texts = std::vector<std::string>;
  table.visible.add_options()(
      "topic,t", po::value<Texts>()->value_name("TOPIC"),
      "what to carry: the name of an event, or a prefix with a star, 'E_CORE_*'; "
      "repeatable; from a bus, a TEMPLATE: what events are called here, default {topic}");
  add("subject,s", "TEMPLATE",
      "where to on the bus: subject, topic, routing key, stream; default as below; from a bus, what to read");
  table.visible.add_options()("payload",
                              po::value<std::string>()->default_value("json")->value_name("FORMAT"),
                              "json or msgpack, with the same keys");
  table.visible.add_options()("set", po::value<Texts>()->value_name("NAME=VALUE"),
                              "a setting of the bus, see below; repeatable");
  table.visible.add_options()("jetstream", "NATS: an event is done with when a stream has stored it");
  add("name", "NAME",
      "what this side is called, in {name} and as an event's origin; default the name of the host");
  table.visible.add_options()(
      "cursor", po::value<std::string>()->default_value("")->value_name("FILE"),
      "how far this bridge has come; default one for bus, subject and topics, in $STATE_DIRECTORY, else "
      "/var/lib/zevi for root, else $XDG_STATE_HOME/zevi");
  table.visible.add_options()("no-cursor", "keep none: begin each time as --from and the like say");
  table.visible.add_options()(
      "from", po::value<Texts>()->value_name("WHERE"),
      "without a cursor yet, begin at the oldest that the broker has (start), or at a "
      "number, TOPIC=NUMBER; repeatable; default now");
  add("since", "TIME", "or with what came in since then: 5m (ago), 2024-05-31T14:03, ...Z");
  add("last", "N", "or so many events of each topic back");
  table.visible.add_options()("no-follow", "stop behind what the broker has");
  table.visible.add_options()("max-age", po::value<program::Duration>()->value_name("TIME"),
                              "leave out, and count, events that are older when it is their turn");
  table.visible.add_options()("relay", "send also what another bridge has brought in");
  table.visible.add_options()("window", po::value<std::uint32_t>()->default_value(8192)->value_name("N"),
                              "messages that may be on their way and not acknowledged, of 16 MiB at most");
  table.visible.add_options()(
      "drain", po::value<program::Duration>()->default_value({std::chrono::seconds(5)})->value_name("TIME"),
      "how long to wait for acknowledgements after SIGTERM");
  table.visible.add_options()("dry-run", "print what would be sent or brought in, and keep no cursor");
  add_secret_options(table);
  table.visible.add_options()("runtime-dir", po::value<std::string>()->default_value("")->value_name("DIR"),
                              "the broker's directory; default $ZEVI_RUNTIME_DIR, else /run/zevi, else "
                              "$XDG_RUNTIME_DIR/zevi");
  table.visible.add_options()(
      "endpoint", po::value<std::string>()->default_value("")->value_name("ENDPOINT"),
      "the broker's stream, or from a bus its ingress, instead: ipc://PATH or tcp://HOST:PORT");
  table.visible.add_options()("replay", po::value<std::string>()->default_value("")->value_name("ENDPOINT"),
                              "where the history is, beside --endpoint");
  program::add_curve_options(table);
}

Options read_options(const po::variables_map& values) {
  Options options;
  options.direction = read_direction(values);
  BusUrl url = read_url(values);
  options.kind = &find_bus_kind(url.scheme);
  options.is_dry_run = values.count("dry-run") != 0;
  options.bus = read_bus(values, std::move(url), *options.kind);
  options.bus.subject = read_subject(values, options);
  if (options.direction == Direction::to) {
    read_to(values, options);
  } else {
    read_from(values, options);
  }
  return options;
}

}  // namespace zevi::bridges

#include "options.hpp"

#include <boost/program_options/value_semantic.hpp>
#include <charconv>
#include <filesystem>

#include "program.hpp"
#include "quantities.hpp"
#include "zevi/topic.hpp"

namespace zevi::ingest {

namespace {

using program::ByteSize;
using program::Duration;
using program::UsageError;
using Texts = std::vector<std::string>;
namespace po = program::po;

constexpr program::About about{
    "zevi ingest", "[OPTION]...",
    "Takes events from a stock OpenSIPS (its modules event_datagram and event_stream) and publishes them. "
    "Numbers,\n"
    "names and bytes arrive as OpenSIPS sent them; text that is not UTF-8 arrives as msgpack bin. A repeated "
    "name\n"
    "counts once, with its last value. An event's time is that of its receipt.",
    "  zevi ingest --datagram unix:/run/zevi/opensips.sock\n"
    "      and in opensips.cfg: subscribe_event(\"E_CORE_LOG\", \"unix:/run/zevi/opensips.sock\");\n"
    "  zevi ingest --stream tcp:127.0.0.1:9060\n"
    "      and in opensips.cfg: subscribe_event(\"E_CORE_LOG\", \"tcp:127.0.0.1:9060\");\n"
    "  zevi ingest --datagram unix:/run/zevi/opensips.sock --mi unix:/run/opensips/mi.sock \\\n"
    "      --subscribe E_CORE_LOG,E_CORE_THRESHOLD\n"
    "      asks OpenSIPS itself, with nothing in its configuration but the modules",
    "0 after SIGTERM or Ctrl-C, 1 for a failure, 2 for a wrong command line."};

void describe_options(program::OptionTable& table) {
  auto add = table.visible.add_options();
  add("datagram", po::value<Texts>()->composing()->value_name("ADDRESS"),
      "take datagrams at unix:PATH or udp:HOST:PORT; may be given more than once");
  add("stream", po::value<Texts>()->composing()->value_name("ADDRESS"),
      "take connections at tcp:HOST:PORT, and answer the requests of event_stream's reliable_mode; may be "
      "given more "
      "than once");
  add("mode", po::value<std::string>()->default_value("0660")->value_name("OCTAL"),
      "mode of the files of unix sockets");
  add("subscribe", po::value<Texts>()->composing()->value_name("EVENT,..."),
      "ask OpenSIPS for these events, again before a subscription expires, and give them back at the end");
  add("mi", po::value<std::string>()->value_name("ADDRESS"),
      "where to ask: unix:PATH or udp:HOST:PORT of mi_datagram, fifo:PATH of mi_fifo");
  add("mi-reply-dir", po::value<std::string>()->default_value("/tmp")->value_name("DIR"),
      "where OpenSIPS puts its answers: with a FIFO, the reply_dir of mi_fifo");
  add("subscribe-socket", po::value<std::string>()->value_name("ADDRESS"),
      "where OpenSIPS is told to send, if it does not reach the first address above under that name");
  add("expire", po::value<Duration>()->default_value({std::chrono::seconds(60)})->value_name("TIME"),
      "of a subscription; it is renewed three times as often");
  add("runtime-dir", po::value<std::string>()->value_name("DIR"), "directory of the broker's sockets");
  add("endpoint", po::value<std::string>()->value_name("ENDPOINT"),
      "the broker's ingress, instead of the one in the runtime directory");
  program::add_curve_options(table);
  add("name", po::value<std::string>()->default_value("opensips")->value_name("NAME"),
      "source of the events, as subscribers see it");
  add("buffer", po::value<ByteSize>()->default_value({16U << 20})->value_name("SIZE"),
      "events kept while the broker is away or busy, beside the 8 MiB on their way; then new ones are "
      "dropped and "
      "counted");
  add("queue", po::value<ByteSize>()->default_value({32U << 20})->value_name("SIZE"),
      "bytes that were read and not yet looked at; beyond it datagrams are dropped and counted, and streams "
      "are left "
      "unread");
  add("linger", po::value<Duration>()->default_value({std::chrono::seconds(2)})->value_name("TIME"),
      "how long the end waits for the broker to acknowledge what is left");
  add("statistics", po::value<Duration>()->default_value({std::chrono::minutes(1)})->value_name("TIME"),
      "how often the counters are logged while events arrive; 0s for never");
}

std::string text_of(const po::variables_map& values, const char* option) {
  return values.count(option) != 0 ? values[option].as<std::string>() : std::string();
}

/// The addresses of an option, each of one of the transports.
std::vector<Address> addresses_of(const po::variables_map& values, const char* option,
                                  std::initializer_list<Transport> transports) {
  std::vector<Address> addresses;
  if (values.count(option) == 0) return addresses;
  for (const std::string& text : values[option].as<Texts>()) {
    Address address;
    try {
      address = parse_address(text);
    } catch (const Error& error) {
      throw UsageError("--" + std::string(option) + ": " + error.what());
    }
    if (std::find(transports.begin(), transports.end(), address.transport) == transports.end()) {
      throw UsageError("--" + std::string(option) + " does not take '" + text + "'");
    }
    // OpenSIPS has another working directory.
    if (address.transport == Transport::unix_path) address.path = std::filesystem::absolute(address.path);
    addresses.push_back(address);
  }
  return addresses;
}

unsigned mode_of(const std::string& text) {
  unsigned mode = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, mode, 8);
  if (error != std::errc{} || rest != end || mode > 0777) {
    throw UsageError("--mode '" + text + "' is no file mode: write it in octal, as 0660");
  }
  return mode;
}

std::vector<std::string> events_of(const Texts& lists) {
  std::vector<std::string> events;
  for (const std::string& list : lists) {
    for (std::size_t at = 0; at <= list.size();) {
      const std::size_t comma = std::min(list.find(',', at), list.size());
      const std::string event = list.substr(at, comma - at);
      if (!is_topic(event)) throw UsageError("--subscribe: '" + event + "' is no event's name");
      events.push_back(event);
      at = comma + 1;
    }
  }
  return events;
}

MiSubscriptions::Options subscriptions_of(const po::variables_map& values, const IngestOptions& options) {
  MiSubscriptions::Options chosen;
  const std::string mi = text_of(values, "mi");
  if (mi.empty()) throw UsageError("--subscribe needs --mi, the address at which OpenSIPS can be asked");
  chosen.mi = parse_address(mi);
  if (chosen.mi.transport == Transport::tcp) throw UsageError("--mi does not take '" + mi + "'");
  chosen.reply_dir = text_of(values, "mi-reply-dir");
  chosen.events = events_of(values["subscribe"].as<Texts>());
  chosen.socket = text_of(values, "subscribe-socket");
  chosen.expire = std::chrono::duration_cast<std::chrono::seconds>(values["expire"].as<Duration>().value);
  if (chosen.expire < std::chrono::seconds(3) || chosen.expire > std::chrono::hours(24)) {
    throw UsageError("--expire must be between 3s and 24h");
  }
  const Address& first = options.datagrams.empty() ? options.streams.front() : options.datagrams.front();
  if (chosen.socket.empty() && first.host.find(':') != std::string::npos) {
    throw UsageError("OpenSIPS sends events to IPv4 addresses alone: give --subscribe-socket");
  }
  return chosen;
}

}  // namespace

bool read_options(int argc, const char* const* argv, IngestOptions& options) {
  program::OptionTable table;
  describe_options(table);
  po::variables_map values;
  if (!program::parse(about, table, argc, argv, values)) return false;

  options.datagrams = addresses_of(values, "datagram", {Transport::unix_path, Transport::udp});
  options.streams = addresses_of(values, "stream", {Transport::tcp});
  if (options.datagrams.empty() && options.streams.empty()) {
    throw UsageError("nothing to listen at: give --datagram or --stream");
  }
  options.mode = mode_of(text_of(values, "mode"));
  options.queue_bytes = values["queue"].as<ByteSize>().value;
  if (options.queue_bytes < (1U << 20) || options.queue_bytes > (1U << 30)) {
    throw UsageError("--queue must be between 1MiB and 1GiB");
  }
  options.statistics = values["statistics"].as<Duration>().value;
  options.publisher.endpoint = text_of(values, "endpoint");
  options.publisher.curve = program::curve_options(values);
  options.publisher.runtime_dir = text_of(values, "runtime-dir");
  options.publisher.name = text_of(values, "name");
  options.publisher.buffer_bytes = values["buffer"].as<ByteSize>().value;
  if (options.publisher.buffer_bytes < (256U << 10) || options.publisher.buffer_bytes > (1U << 30)) {
    throw UsageError("--buffer must be between 256KiB and 1GiB");
  }
  options.publisher.linger_ns = static_cast<std::uint64_t>(values["linger"].as<Duration>().value.count());
  if (values.count("subscribe") != 0) {
    options.subscriptions = subscriptions_of(values, options);
  } else if (values.count("mi") != 0) {
    throw UsageError("--mi needs --subscribe, the events to ask for");
  }
  return true;
}

}  // namespace zevi::ingest

#include "kafka_options.hpp"

#include <regex.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <random>

#include "../secrets.hpp"
#include "../settings.hpp"
#include "../subject_list.hpp"
#include "program.hpp"

namespace zevi::bridges {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t topic_bytes_max = 249;

// More than a window holds, unless it is told to hold more. What the library does not take waits in the
// window.
constexpr const char* queue_messages_max = "10000";

constexpr std::chrono::nanoseconds timeout_min = 1s;
constexpr std::chrono::nanoseconds timeout_max = 1h;

// What a cluster takes unless it is told otherwise (`group.min.session.timeout.ms` is six seconds).
constexpr std::chrono::nanoseconds session_min = 1s;
constexpr std::chrono::nanoseconds session_max = 30min;

// How long the broker may be away before a bridge that waits for it loses its partitions.
constexpr std::chrono::milliseconds unacknowledged_at_most = 5min;

// As the library has them.
constexpr std::uint64_t message_bytes_min = 1000;
constexpr std::uint64_t message_bytes_max = 1000000000;

constexpr std::array<std::string_view, 5> compressions{"none", "gzip", "snappy", "lz4", "zstd"};
constexpr std::array<std::string_view, 3> mechanisms{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};

bool is_of_topic(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

template <typename Choices>
const std::string& choice_of(const BusOptions& options, std::string_view name, const Choices& choices) {
  const std::string& chosen = setting(options, name);
  if (std::find(choices.begin(), choices.end(), chosen) != choices.end()) return chosen;
  std::string all;
  for (const std::string_view choice : choices) all += (all.empty() ? "" : ", ") + std::string(choice);
  throw program::UsageError("--set " + std::string(name) + " is one of " + all + ", not '" + chosen + "'");
}

std::string timeout_ms(const BusOptions& options) {
  const std::chrono::nanoseconds timeout = duration_setting(options, "timeout");
  if (timeout < timeout_min || timeout > timeout_max) {
    throw program::UsageError("--set timeout is 1s to 1h");
  }
  return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(timeout).count());
}

std::chrono::milliseconds session_of(const BusOptions& options) {
  const std::chrono::nanoseconds session = duration_setting(options, "session");
  if (session < session_min || session > session_max) throw program::UsageError("--set session is 1s to 30m");
  return std::chrono::ceil<std::chrono::milliseconds>(session);
}

/// Who only looks is in a group of its own, in which nothing is kept.
std::string group_of(const BusOptions& options) {
  std::string group = setting(options, "group");
  if (group.empty()) group = "zevi-" + options.name;
  if (!options.only_looks) return group;
  std::random_device chance;
  return group + "-look-" + std::to_string(std::uniform_int_distribution<int>(10000000, 99999999)(chance));
}

bool is_regular_expression(const std::string& text) {
  regex_t compiled;
  if (regcomp(&compiled, text.c_str(), REG_EXTENDED | REG_NOSUB) != 0) return false;
  regfree(&compiled);
  return true;
}

std::string message_bytes(const BusOptions& options) {
  const std::uint64_t bytes = size_setting(options, "max-message");
  if (bytes < message_bytes_min || bytes > message_bytes_max) {
    throw program::UsageError("--set max-message is 1000 bytes to 1GB");
  }
  return std::to_string(bytes);
}

void add_security(const BusOptions& options, KafkaSettings& settings) {
  const Credentials& who = options.credentials;
  const Tls& tls = options.tls;
  const bool has_user = !who.user.empty();
  settings.emplace_back("security.protocol",
                        std::string(has_user ? "sasl_" : "") + (tls.is_on ? "ssl" : "plaintext"));
  if (has_user) {
    settings.emplace_back("sasl.mechanisms", choice_of(options, "sasl", mechanisms));
    settings.emplace_back("sasl.username", who.user);
    settings.emplace_back("sasl.password", who.password);
  }
  if (!tls.ca_file.empty()) settings.emplace_back("ssl.ca.location", tls.ca_file);
  if (tls.certificate_file.empty()) return;
  settings.emplace_back("ssl.certificate.location", tls.certificate_file);
  settings.emplace_back("ssl.key.location", tls.key_file);
}

}  // namespace

std::string_view not_of_kafka_topics() {
  static const std::string bytes = [] {
    std::string all;
    for (int byte = 1; byte < 256; ++byte) {
      const char c = static_cast<char>(byte);
      if (!is_of_topic(c)) all += c;
    }
    return all;
  }();
  return bytes;
}

bool is_kafka_topic(std::string_view text) {
  return !text.empty() && text.size() <= topic_bytes_max && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), is_of_topic);
}

void check_kafka_options(const BusOptions& options) {
  const BusUrl& url = options.url;
  const auto refuse = [](const std::string& why) {
    throw program::UsageError("Kafka is given as kafka://HOST[:PORT][,HOST[:PORT]]..., " + why);
  };
  if (url.hosts.empty() || url.hosts.front() == ',' || url.hosts.back() == ',' ||
      url.hosts.find(",,") != std::string::npos) {
    refuse("with hosts");
  }
  if (!url.path.empty() && url.path != "/") refuse("with nothing behind it; --subject says which topic");
  refuse_tokens_and_keys(options.credentials, "Kafka");
  want_user(options.credentials, "Kafka");
  want_password(options.credentials, "Kafka");
}

void check_kafka_template(const std::string& text) {
  if (text.empty()) throw program::UsageError("--subject is empty: Kafka has to have a topic");
  std::string filled;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') i = std::min(text.find('}', i), text.size());
    if (i < text.size() && text[i] != '}') filled += text[i];
  }
  if (std::all_of(filled.begin(), filled.end(), is_of_topic) && filled.size() <= topic_bytes_max) return;
  throw program::UsageError(
      "'" + text + "' makes no topic of Kafka: at most 249 letters, digits, dots, underscores and minuses");
}

void check_kafka_reading(const BusOptions& options) {
  for (const std::string& topic : subjects_in(options.subject)) {
    if (topic.starts_with('^') ? is_regular_expression(topic) : is_kafka_topic(topic)) continue;
    throw program::UsageError("'" + topic +
                              "' is no topic of Kafka, nor ^ and a regular expression of its topics");
  }
  static_cast<void>(session_of(options));
}

KafkaSettings kafka_client_settings(const BusOptions& options) {
  KafkaSettings settings{
      {"bootstrap.servers", options.url.hosts},
      {"client.id", "zevi-" + options.name},
      {"log.queue", "true"},
      {"log_level", "4"},  // warnings and what is worse
      // A cluster closes what is idle; that is no news.
      {"log.connection.close", "false"},
      {"socket.timeout.ms", "10000"},
      {"socket.connection.setup.timeout.ms", "5000"},
      {"socket.keepalive.enable", "true"},
      {"reconnect.backoff.max.ms", "1000"},
  };
  add_security(options, settings);
  return settings;
}

KafkaSettings kafka_producer_settings(const BusOptions& options) {
  KafkaSettings settings = kafka_client_settings(options);
  settings.insert(settings.end(), {{"enable.idempotence", "true"},
                                   {"acks", "all"},
                                   {"message.timeout.ms", timeout_ms(options)},
                                   {"message.max.bytes", message_bytes(options)},
                                   {"compression.codec", choice_of(options, "compression", compressions)},
                                   // The same partition as a producer in Java takes for the key.
                                   {"partitioner", "murmur2_random"},
                                   {"queue.buffering.max.messages", queue_messages_max},
                                   // How long a topic may be unknown that the cluster is just making.
                                   {"topic.metadata.propagation.max.ms", "5000"}});
  return settings;
}

KafkaSettings kafka_consumer_settings(const BusOptions& options) {
  const std::chrono::milliseconds session = session_of(options);
  KafkaSettings settings = kafka_client_settings(options);
  settings.insert(
      settings.end(),
      {{"group.id", group_of(options)},
       {"session.timeout.ms", std::to_string(session.count())},
       {"heartbeat.interval.ms",
        std::to_string(std::min<std::chrono::milliseconds>(session / 8, 3s).count())},
       {"max.poll.interval.ms", std::to_string(std::max(session, unacknowledged_at_most).count())},
       {"enable.auto.commit", "false"},
       // Where a group begins is said to the library; it decides when an offset is there no longer.
       {"auto.offset.reset", "earliest"},
       {"allow.auto.create.topics", "false"},
       {"topic.metadata.refresh.interval.ms", "5000"},
       // What waits here while the broker is slow.
       {"queued.max.messages.kbytes", "16384"},
       {"fetch.max.bytes", "8388608"},
       {"fetch.wait.max.ms", "200"}});
  return settings;
}

}  // namespace zevi::bridges

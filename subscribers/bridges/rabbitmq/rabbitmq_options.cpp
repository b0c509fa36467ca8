#include "rabbitmq_options.hpp"

#include <string_view>

#include "../secrets.hpp"
#include "../settings.hpp"
#include "program.hpp"

namespace zevi::bridges {

namespace {

// The runner looks at a bus at least every second.
constexpr std::chrono::seconds heartbeat_min{5};
constexpr std::chrono::seconds heartbeat_max{65535};

// Of names in AMQP.
constexpr std::size_t name_bytes_max = 255;

}  // namespace

BusOptions with_rabbitmq_standards(BusOptions options) {
  options.tls.is_on = options.tls.is_on || options.url.scheme == "amqps";
  Credentials& who = options.credentials;
  if (who.user.empty() && who.password.empty()) who.user = who.password = "guest";
  return options;
}

void check_rabbitmq_options(const BusOptions& options) {
  static_cast<void>(rabbitmq_place_of(options));
  static_cast<void>(unrouted_of(options));
  static_cast<void>(rabbitmq_heartbeat_of(options));
  refuse_tokens_and_keys(options.credentials, "RabbitMQ");
  want_user(options.credentials, "RabbitMQ");
  want_password(options.credentials, "RabbitMQ");
  if (setting(options, "exchange").size() > name_bytes_max) {
    throw program::UsageError("--set exchange is a name of 255 bytes at most");
  }
}

void check_rabbitmq_reading(const BusOptions& options) {
  const std::string& queue = setting(options, "queue");
  if (queue.size() > name_bytes_max) {
    throw program::UsageError("--set queue is a name of 255 bytes at most");
  }
  if (queue.empty() && setting(options, "exchange").empty()) {
    throw program::UsageError("the exchange without a name cannot be read; name a queue by --set queue");
  }
  if (options.subject.size() > name_bytes_max) {
    throw program::UsageError("--subject is a key of 255 bytes at most: * is one word of it, # any number");
  }
}

RabbitmqPlace rabbitmq_place_of(const BusOptions& options) {
  const BusUrl& url = options.url;
  const auto refuse = [&url](const std::string& why) {
    throw program::UsageError("RabbitMQ is given as " + url.scheme + "://HOST[:PORT][/VHOST], " + why);
  };
  RabbitmqPlace place{.host = {}, .port = options.tls.is_on ? "5671" : "5672", .vhost = "/"};
  if (url.hosts.find(',') != std::string::npos) refuse("with one host");
  const auto [host, behind] = split_host(url.hosts);
  place.host = host;
  if (place.host.empty()) refuse("with a host");
  if (!behind.empty()) {
    if (port_in(behind) == 0) refuse("with a number as the port");
    place.port = behind.substr(1);
  }
  if (url.path.size() <= 1) return place;
  if (url.path.find('/', 1) != std::string::npos) refuse("with %2F for a slash in a virtual host's name");
  place.vhost = without_percents(std::string_view(url.path).substr(1));
  if (place.vhost.size() > name_bytes_max) refuse("with a name of 255 bytes at most");
  return place;
}

Unrouted unrouted_of(const BusOptions& options) {
  const std::string& text = setting(options, "unrouted");
  if (text == "count") return Unrouted::count;
  if (text == "wait") return Unrouted::wait;
  if (text == "ignore") return Unrouted::ignore;
  throw program::UsageError("--set unrouted is count, wait or ignore, not '" + text + "'");
}

std::chrono::seconds rabbitmq_heartbeat_of(const BusOptions& options) {
  const auto heartbeat = std::chrono::ceil<std::chrono::seconds>(duration_setting(options, "heartbeat"));
  if (heartbeat < heartbeat_min || heartbeat > heartbeat_max) {
    throw program::UsageError("--set heartbeat is 5s to 65535s");
  }
  return heartbeat;
}

}  // namespace zevi::bridges

#include "mqtt_options.hpp"

#include <chrono>
#include <random>

#include "../secrets.hpp"
#include "../settings.hpp"
#include "mqtt_place.hpp"
#include "program.hpp"

namespace zevi::bridges {

namespace {

// As libmosquitto and the protocol have them.
constexpr std::chrono::seconds keepalive_min{5};
constexpr std::chrono::seconds keepalive_max{65535};

std::string some_digits() {
  std::random_device chance;
  return std::to_string(std::uniform_int_distribution<int>(10000000, 99999999)(chance));
}

}  // namespace

BusOptions with_mqtt_tls(BusOptions options) {
  options.tls.is_on = options.tls.is_on || options.url.scheme == "mqtts";
  return options;
}

void check_mqtt_options(const BusOptions& options) {
  static_cast<void>(mqtt_place_of(options));
  static_cast<void>(mqtt_session_of(options));
  refuse_tokens_and_keys(options.credentials, "MQTT");
  want_user(options.credentials, "MQTT");
}

void check_mqtt_topic(const std::string& topic) {
  if (topic.empty()) throw program::UsageError("--subject is empty: MQTT has to have a topic");
  if (topic.find_first_of("+#") == std::string::npos) return;
  throw program::UsageError("nothing can be sent to '" + topic + "': + and # are for those who read");
}

void check_mqtt_filter(const std::string& filter) {
  if (!filter.empty() && mosquitto_sub_topic_check(filter.c_str()) == MOSQ_ERR_SUCCESS) return;
  throw program::UsageError("'" + filter +
                            "' is no topics of MQTT: + is one level of them, # at the end all below");
}

MqttDelivery mqtt_delivery_of(const BusOptions& options) {
  const std::string& qos = setting(options, "qos");
  if (qos != "0" && qos != "1") throw program::UsageError("--set qos is 0 or 1, not '" + qos + "'");
  return {.qos = qos == "1" ? 1 : 0, .is_retained = switch_setting(options, "retain")};
}

MqttSession mqtt_session_of(const BusOptions& options) {
  MqttSession session;
  session.client_id = setting(options, "client-id");
  if (session.client_id.empty()) session.client_id = "zevi-" + options.name + "-" + some_digits();
  session.keepalive = std::chrono::ceil<std::chrono::seconds>(duration_setting(options, "keepalive"));
  if (session.keepalive < keepalive_min || session.keepalive > keepalive_max) {
    throw program::UsageError("--set keepalive is 5s to 65535s");
  }
  return session;
}

MqttSession mqtt_reading_session_of(const BusOptions& options) {
  MqttSession session = mqtt_session_of(options);
  session.is_reader = true;
  session.is_kept = switch_setting(options, "session") && !options.only_looks;
  const std::string& id = setting(options, "client-id");
  if (session.is_kept && id.empty()) session.client_id = "zevi-" + options.name;
  // As itself it would end the connection of the one that does not only look.
  if (options.only_looks && !id.empty()) session.client_id = id + "-" + some_digits();
  return session;
}

}  // namespace zevi::bridges

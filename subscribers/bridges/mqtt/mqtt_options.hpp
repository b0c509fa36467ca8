#pragma once

#include <string>

#include "../bridge.hpp"
#include "mqtt_connection.hpp"

/// What `zevi bridge` is told about MQTT. All of these throw `program::UsageError` for what cannot be.
namespace zevi::bridges {

/// How messages are sent.
struct MqttDelivery {
  int qos = 1;
  bool is_retained = false;
};

/// With TLS if the scheme says so.
[[nodiscard]] BusOptions with_mqtt_tls(BusOptions options);
/// The URL, and who the bridge is.
void check_mqtt_options(const BusOptions& options);
/// A template of topics to send to.
void check_mqtt_topic(const std::string& topic);
/// What is to be read.
void check_mqtt_filter(const std::string& filter);

[[nodiscard]] MqttDelivery mqtt_delivery_of(const BusOptions& options);
/// Without an id in the options, one that nobody else has.
[[nodiscard]] MqttSession mqtt_session_of(const BusOptions& options);
/// Of a reader: a session that the server keeps has the same id each time.
[[nodiscard]] MqttSession mqtt_reading_session_of(const BusOptions& options);

}  // namespace zevi::bridges

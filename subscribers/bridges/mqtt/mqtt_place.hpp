#pragma once

#include <string>

#include "../bridge.hpp"

namespace zevi::bridges {

/// Where `mqtt://HOST:PORT` is.
struct MqttPlace {
  std::string host;
  int port = 0;
};

/// Throws `program::UsageError` if the URL says something else. Without a port it is that of MQTT, or with
/// TLS that of MQTT over TLS.
[[nodiscard]] MqttPlace mqtt_place_of(const BusOptions& options);

}  // namespace zevi::bridges

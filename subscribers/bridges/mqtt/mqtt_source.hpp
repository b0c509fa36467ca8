#pragma once

#include <memory>

#include "../bridge.hpp"
#include "mqtt_connection.hpp"

namespace zevi::bridges {

/// Reads topics of MQTT. With QoS 1 the server is answered when the broker has all that was read, so that a
/// session that is kept gives the rest once more.
[[nodiscard]] std::unique_ptr<Source> make_mqtt_source(const BusOptions& options, const MqttSession& session,
                                                       int qos);

}  // namespace zevi::bridges

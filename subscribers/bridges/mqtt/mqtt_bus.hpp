#pragma once

#include "../bridge.hpp"

namespace zevi::bridges {

/// Events to a server of MQTT 5, with QoS 1: acknowledged one by one, as many at a time as the server says it
/// takes. With QoS 0 nothing is acknowledged; but a server does what it is told in order, so its answer to
/// a question behind the messages says that it has read them.
extern const BusKind mqtt_bus;
extern const BusKind mqtts_bus;

}  // namespace zevi::bridges

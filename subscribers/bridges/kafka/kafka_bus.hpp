#pragma once

#include "../bridge.hpp"

namespace zevi::bridges {

/// Events to topics of Kafka, by an idempotent producer: the library sends again by itself, in order, and the
/// cluster leaves out what it has already, as long as the producer lives. A message is acknowledged when all
/// replicas that are in sync have it.
extern const BusKind kafka_bus;

}  // namespace zevi::bridges

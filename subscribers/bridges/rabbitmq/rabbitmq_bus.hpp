#pragma once

#include "../bridge.hpp"

namespace zevi::bridges {

/// Events to an exchange of RabbitMQ, with its confirms: it acknowledges an event when all queues that take
/// it have it, on their disk if they are of those that survive it. What no queue takes it gives back first.
extern const BusKind rabbitmq_bus;
extern const BusKind rabbitmqs_bus;

}  // namespace zevi::bridges

#pragma once

#include <memory>

#include "../bridge.hpp"

namespace zevi::bridges {

/// What a queue of RabbitMQ holds, acknowledged when the broker has it; or what comes to an exchange while
/// the bridge listens, by a queue of its own that ends with the connection.
[[nodiscard]] std::unique_ptr<Source> make_rabbitmq_source(const BusOptions& options);

}  // namespace zevi::bridges

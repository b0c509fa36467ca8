#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "../bridge.hpp"

/// What `zevi bridge` is told about RabbitMQ. All of these throw `program::UsageError` for what cannot be.
namespace zevi::bridges {

/// Where `amqp://HOST:PORT/VHOST` is.
struct RabbitmqPlace {
  std::string host;
  std::string port;
  std::string vhost;
};

/// What becomes of an event that RabbitMQ has no queue for. It acknowledges these like all others.
enum class Unrouted : std::uint8_t {
  count,   ///< it is refused
  wait,    ///< it is sent again until there is one
  ignore,  ///< it has arrived
};

/// With TLS if the scheme says so, and as the user whom RabbitMQ has from the beginning if there is no other.
[[nodiscard]] BusOptions with_rabbitmq_standards(BusOptions options);
/// Who the bridge is, and what is sent where.
void check_rabbitmq_options(const BusOptions& options);

/// And what is read.
void check_rabbitmq_reading(const BusOptions& options);

[[nodiscard]] RabbitmqPlace rabbitmq_place_of(const BusOptions& options);
[[nodiscard]] Unrouted unrouted_of(const BusOptions& options);
/// How often each side says something.
[[nodiscard]] std::chrono::seconds rabbitmq_heartbeat_of(const BusOptions& options);

}  // namespace zevi::bridges

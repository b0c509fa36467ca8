#pragma once

#include <memory>

#include "../bridge.hpp"

namespace zevi::bridges {

/// Reads topics of Kafka as a member of a consumer group, which commits offsets when the broker has what is
/// before them. Who only looks is alone in a group that commits nothing.
[[nodiscard]] std::unique_ptr<Source> make_kafka_source(const BusOptions& options);

}  // namespace zevi::bridges

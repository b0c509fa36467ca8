#pragma once

#include "../bridge.hpp"

namespace zevi::bridges {

/// Streams of Redis. Each batch is one transaction, and the next one is sent when it has been answered: a
/// server that takes nothing for a while, because its memory or its disk is full, cannot take a later event
/// before an earlier one. Nothing in Redis knows repeats: what was on its way when a connection was lost may
/// be in a stream twice, under the same id.
extern const BusKind redis_bus;

/// The same with TLS.
extern const BusKind rediss_bus;

}  // namespace zevi::bridges

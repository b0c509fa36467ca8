#pragma once

#include "../bridge.hpp"

namespace zevi::bridges {

/// NATS, and its streams (JetStream). A message to a stream is acknowledged when it is stored, and its id is
/// in `Nats-Msg-Id`, by which the stream leaves out repeats. Without a stream it is acknowledged when the
/// server has passed it on to whoever listens.
extern const BusKind nats_bus;

}  // namespace zevi::bridges

#pragma once

#include "bridge_state.hpp"
#include "event_fd.hpp"
#include "options.hpp"

namespace zevi::bridges {

/// Throws `program::UsageError` if the bus cannot use the options. Connects to nothing.
void check(const Options& options);

/// One bridge from its begin to its end, which `stop` asks for. What it does and has done is told in the log,
/// and to other threads in `state`.
/// Throws `zevi::Error` if it cannot go on; a bus or a broker that is away is no reason.
void run(const Options& options, BridgeState& state, EventFd& stop);

}  // namespace zevi::bridges

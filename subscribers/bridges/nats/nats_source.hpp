#pragma once

#include <memory>
#include <string>

#include "../bridge.hpp"

namespace zevi::bridges {

/// Reads a subject of NATS. With a stream, through a consumer that the server keeps under `durable`: what is
/// not acknowledged comes again, in the next run too. Without, it gets what is sent while it listens.
[[nodiscard]] std::unique_ptr<Source> make_nats_source(const BusOptions& options, bool is_jetstream,
                                                       const std::string& durable);

}  // namespace zevi::bridges

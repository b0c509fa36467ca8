#pragma once

#include <memory>

#include "../bridge.hpp"

namespace zevi::bridges {

/// Throws `program::UsageError` for what cannot be read.
void check_redis_reading(const BusOptions& options);

/// Reads streams of Redis, named by their keys with commas between them, through a consumer group that the
/// server keeps: what is not acknowledged comes again, in the next run too. Who only looks reads them without
/// one.
[[nodiscard]] std::unique_ptr<Source> make_redis_source(const BusOptions& options);

}  // namespace zevi::bridges

#pragma once

#include "zevi/broker.hpp"

namespace zevi::broker {

/// Throws `zevi::Error` that names the option and the remedy, if a store is asked for that cannot be had, or
/// something that needs one.
void check_store(const BrokerOptions& options);

}  // namespace zevi::broker

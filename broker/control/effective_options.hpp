#pragma once

#include <vector>

#include "listing.hpp"
#include "zevi/broker.hpp"

namespace zevi::broker {

/// What the broker goes by, named and written as the options of `zevid`. Options that may be given several
/// times stand once for each.
[[nodiscard]] std::vector<Identity::Named> effective_options(const BrokerOptions& options);

}  // namespace zevi::broker

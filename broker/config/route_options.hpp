#pragma once

#include <string>
#include <vector>

#include "zevi/broker.hpp"

namespace zevi::broker {

/// The values of `--route`: each `PREFIX=ENDPOINT[,format=FORMAT][,also][,queue=N][,access=FILE]`. Throws
/// `zevi::Error`, with the option and the remedy in it, for anything else; `check_routes` looks at the rest.
[[nodiscard]] std::vector<Route> parse_routes(const std::vector<std::string>& values);

}  // namespace zevi::broker

#pragma once

#include "program.hpp"

namespace zevi::program {

/// Adds `--metrics`, the address of a `MetricsServer`.
void add_metrics_option(OptionTable& table);

}  // namespace zevi::program

#pragma once

#include <vector>

#include "metric_families.hpp"

namespace zevi::program {

/// Adds what this process takes, under the names that Prometheus' own libraries have for any process.
void append_process_metrics(std::vector<MetricFamily>& all);

}  // namespace zevi::program

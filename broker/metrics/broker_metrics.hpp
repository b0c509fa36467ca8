#pragma once

#include <cstddef>
#include <vector>

#include "metric_families.hpp"
#include "zevi/broker.hpp"

namespace zevi::broker {

/// How many topics have figures of their own: each is four time series, which Prometheus keeps for ever.
inline constexpr std::size_t metered_topics_max = 200;

/// All counters of the broker, what `Broker::figures` says, and what the process takes. Any thread.
[[nodiscard]] std::vector<program::MetricFamily> broker_metrics(const Broker& broker);

}  // namespace zevi::broker

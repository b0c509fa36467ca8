#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "bridge_state.hpp"
#include "broker_numbers.hpp"
#include "metric_families.hpp"
#include "options.hpp"

namespace zevi::bridges {

/// What Prometheus is told of the bridges of a process. Nothing here is waited for by those who carry events.
class BridgeMetrics {
 public:
  struct Watched {
    const Options& options;
    BridgeState& state;
  };
  explicit BridgeMetrics(std::vector<Watched> bridges) : bridges_(std::move(bridges)) {}

  /// Any thread. Takes as long as a broker or a bridge that is busy needs to answer, a few seconds at most.
  [[nodiscard]] std::vector<program::MetricFamily> collect();

 private:
  /// How many events a bridge to a bus is behind; nothing where that cannot be known now.
  [[nodiscard]] std::vector<std::optional<std::uint64_t>> lags();

  const std::vector<Watched> bridges_;
  std::mutex mutex_;  // one question at a time
  BrokerNumbers brokers_;
};

}  // namespace zevi::bridges

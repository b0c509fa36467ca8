#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "metric_families.hpp"

namespace zevi::program {

/// Answers Prometheus over HTTP, on threads of its own. There is no way to say who may ask, so it belongs on
/// an address that only those reach who may.
class MetricsServer {
 public:
  /// What is told; asked for by any thread of the server, by several at once.
  using Collect = std::function<std::vector<MetricFamily>()>;

  /// `address` is HOST:PORT, or a port of the loopback interface; empty: nobody is answered. Throws
  /// `zevi::Error`, also if the program was built without Prometheus.
  MetricsServer(const std::string& address, Collect collect);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zevi::program

#pragma once

#include <memory>
#include <string>

#include "zevi/broker.hpp"

namespace zevi::broker {

/// Answers Prometheus over HTTP, on threads of its own: all counters of the broker and what `figures` says.
/// There is no way to say who may ask, so it belongs on an address that only those reach who may.
class MetricsServer {
 public:
  /// How many topics have figures of their own: each is four time series, which Prometheus keeps for ever.
  static constexpr std::size_t topics_max = 200;

  /// `address` is HOST:PORT, or a port of the loopback interface; empty: nobody is answered. `broker`
  /// outlives the server and has begun. Throws `zevi::Error`, also if the program was built without
  /// Prometheus.
  MetricsServer(const std::string& address, const Broker& broker);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zevi::broker

#include "metrics_server.hpp"
#include "zevi/error.hpp"

namespace zevi::broker {

class MetricsServer::Impl {};

MetricsServer::MetricsServer(const std::string& address, const Broker&) {
  if (address.empty()) return;
  throw Error(
      "--metrics: this zevid was built without Prometheus; build it where prometheus-cpp-dev is installed");
}

MetricsServer::~MetricsServer() = default;

}  // namespace zevi::broker

#include "metrics_server.hpp"
#include "zevi/error.hpp"

namespace zevi::program {

class MetricsServer::Impl {};

MetricsServer::MetricsServer(const std::string& address, Collect) {
  if (address.empty()) return;
  throw Error(
      "--metrics: this program was built without Prometheus; build it where prometheus-cpp-dev is installed");
}

MetricsServer::~MetricsServer() = default;

}  // namespace zevi::program

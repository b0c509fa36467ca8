#include <csignal>
#include <iostream>
#include <utility>

#include "bridge_metrics.hpp"
#include "command_line.hpp"
#include "metrics_server.hpp"
#include "program.hpp"
#include "supervisor.hpp"

namespace {

int serve(int argc, char** argv) {
  using zevi::bridges::Supervisor;
  auto line = zevi::bridges::parse_command_line(argc, argv);
  if (!line) return zevi::program::exit_ok;
  if (line->only_checks) {
    std::cout << line->config << ": ok\n";
    return zevi::program::exit_ok;
  }
  std::signal(SIGPIPE, SIG_IGN);
  // A command line is tried again by whoever gave it.
  const auto failure = line->config.empty() ? Supervisor::Failure::ends_it : Supervisor::Failure::is_retried;
  Supervisor supervisor(std::move(line->bridges), failure);
  zevi::bridges::BridgeMetrics metrics(supervisor.watched());
  const zevi::program::MetricsServer server(line->metrics, [&metrics] { return metrics.collect(); });
  supervisor.run();
  return zevi::program::exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
  return zevi::program::run("zevi bridge", [&] { return serve(argc, argv); });
}

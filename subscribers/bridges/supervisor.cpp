#include "supervisor.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "bridge_run.hpp"
#include "log.hpp"

namespace zevi::bridges {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds first_pause = 1s;
constexpr std::chrono::seconds longest_pause = 60s;

/// Whether the time passed without it.
bool passes_without(EventFd& stop, std::chrono::milliseconds time) {
  pollfd item{stop.fd(), POLLIN, 0};
  poll(&item, 1, static_cast<int>(time.count()));
  return stop.take() == 0;
}

}  // namespace

Supervisor::Supervisor(std::vector<Options> bridges, Failure failure) : failure_(failure) {
  for (Options& options : bridges) bridges_.emplace_back(std::move(options));
}

std::vector<BridgeMetrics::Watched> Supervisor::watched() {
  std::vector<BridgeMetrics::Watched> all;
  for (Bridge& bridge : bridges_) all.push_back({bridge.options, bridge.state});
  return all;
}

void Supervisor::run() {
  for (Bridge& bridge : bridges_) bridge.thread = std::jthread([this, &bridge] { serve(bridge); });
  manager_.tell("READY=1");
  for (std::uint64_t ended = 0; ended < bridges_.size(); ended += ended_.take()) {
    std::array<pollfd, 2> items{pollfd{signals_.fd(), POLLIN, 0}, pollfd{ended_.fd(), POLLIN, 0}};
    poll(items.data(), items.size(), -1);
    if (signals_.take() != 0) stop();
  }
  for (const Bridge& bridge : bridges_) {
    if (bridge.failure) std::rethrow_exception(bridge.failure);
  }
}

void Supervisor::stop() {
  manager_.tell("STOPPING=1");
  for (Bridge& bridge : bridges_) bridge.stop.raise();
}

void Supervisor::serve(Bridge& bridge) {
  try {
    if (failure_ == Failure::is_retried) {
      keep_running(bridge);
    } else {
      bridges::run(bridge.options, bridge.state, bridge.stop);
    }
  } catch (...) {
    bridge.failure = std::current_exception();
  }
  ended_.raise();
}

void Supervisor::keep_running(Bridge& bridge) {
  const program::Log log("zevi bridge", bridge.options.name);
  std::chrono::seconds pause = first_pause;
  do {
    const auto begin = std::chrono::steady_clock::now();
    try {
      return bridges::run(bridge.options, bridge.state, bridge.stop);
    } catch (const std::exception& error) {
      if (std::chrono::steady_clock::now() - begin > longest_pause) pause = first_pause;
      log.error(std::string(error.what()) + "; it is started again in " + std::to_string(pause.count()) +
                " s");
    }
  } while (passes_without(bridge.stop, std::exchange(pause, std::min(2 * pause, longest_pause))));
}

}  // namespace zevi::bridges

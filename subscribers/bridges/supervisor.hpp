#pragma once

#include <exception>
#include <list>
#include <thread>
#include <vector>

#include "bridge_metrics.hpp"
#include "bridge_state.hpp"
#include "event_fd.hpp"
#include "options.hpp"
#include "service_manager.hpp"
#include "stop_signals.hpp"

namespace zevi::bridges {

/// Runs bridges side by side, each on a thread of its own, so that none waits for another's bus.
class Supervisor {
 public:
  enum class Failure : bool {
    ends_it,     ///< what a bridge throws is thrown on
    is_retried,  ///< that bridge is started again, after a pause that grows, and the others go on
  };
  Supervisor(std::vector<Options> bridges, Failure failure);

  /// Until SIGINT or SIGTERM, or until all have ended by themselves. To be called once.
  void run();

  /// For metrics to look at while it runs.
  [[nodiscard]] std::vector<BridgeMetrics::Watched> watched();

 private:
  struct Bridge {
    explicit Bridge(Options what) : options(std::move(what)) {}
    const Options options;
    BridgeState state;
    EventFd stop;
    std::exception_ptr failure;
    std::jthread thread;  // last: it uses the others
  };
  void serve(Bridge& bridge);
  static void keep_running(Bridge& bridge);
  void stop();

  // Before the threads, which must not take the signals.
  program::StopSignals signals_;
  const program::ServiceManager manager_;
  const Failure failure_;
  EventFd ended_;
  std::list<Bridge> bridges_;
};

}  // namespace zevi::bridges

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge_state.hpp"
#include "event_fd.hpp"
#include "local_publishers.hpp"
#include "log.hpp"
#include "outage.hpp"
#include "source.hpp"
#include "unmapping.hpp"

namespace zevi::bridges {

/// Brings events from a bus to the local broker. A batch is received, published, and acknowledged to the bus
/// once the broker has all of it, so that a bridge that is killed gets the batch again. An event that has
/// come through this side before is left out.
class Importer {
 public:
  /// `bus` is how it is called in log lines, `name` what this side is called. Of `state` it keeps what is
  /// said there of a bridge from a bus.
  Importer(Source& source, Unmapping& unmapping, LocalPublishers::Options local, std::string name,
           std::string bus, BridgeState& state, EventFd& stop, const program::Log& log);

  /// Messages are printed as they came, and not published.
  void show_only() noexcept { shows_only_ = true; }
  /// Runs until `stop` is raised.
  void run();

 private:
  void bring_batch();
  void take(const Incoming& message);
  void publish(const BroughtIn& event);
  static void show(const Incoming& message, const BroughtIn& event);
  void refuse(std::string_view why);
  [[nodiscard]] bool flush();
  void count_published();
  [[nodiscard]] bool is_stopped();

  EventFd& stop_;
  Source& source_;
  Unmapping& unmapping_;
  LocalPublishers local_;
  const std::string name_;
  std::string bus_;  // as the origin of what does not say where it is from
  const program::Log& log_;
  Outage outage_;
  ImportCounters& counters_;
  std::uint64_t handed_over_ = 0;  // and not counted as published or refused yet
  std::uint64_t invalid_ = 0;      // what the broker has refused, as far as it was counted
  std::vector<Incoming> batch_;
  program::OncePerSecond refusal_lines_;
  bool shows_only_ = false;
  bool is_stopped_ = false;
};

}  // namespace zevi::bridges

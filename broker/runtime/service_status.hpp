#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "zevi/broker.hpp"

namespace zevi::broker {

/// What `systemctl status` shows of a broker, as a line.
class ServiceStatus {
 public:
  /// The line, if it is another than the last and a second has passed since.
  [[nodiscard]] std::optional<std::string> next(const std::vector<CounterValue>& counters,
                                                std::chrono::steady_clock::time_point now);

 private:
  std::chrono::steady_clock::time_point last_look_{};
  std::uint64_t last_received_ = 0;
  std::string last_;
};

}  // namespace zevi::broker

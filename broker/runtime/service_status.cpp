#include "runtime/service_status.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace zevi::broker {

namespace {

std::uint64_t value_of(const std::vector<CounterValue>& counters, std::string_view name) {
  const auto found = std::find_if(counters.begin(), counters.end(),
                                  [name](const CounterValue& counter) { return counter.name == name; });
  return found == counters.end() ? 0 : found->value;
}

}  // namespace

std::optional<std::string> ServiceStatus::next(const std::vector<CounterValue>& counters,
                                               std::chrono::steady_clock::time_point now) {
  using namespace std::chrono_literals;
  const std::chrono::duration<double> passed = now - last_look_;
  if (passed < 1s) return std::nullopt;
  last_look_ = now;
  const std::uint64_t received = value_of(counters, "events_received");
  const std::uint64_t before = std::exchange(last_received_, received);
  const auto rate = static_cast<std::uint64_t>(static_cast<double>(received - before) / passed.count());
  std::string line = std::to_string(received) + " events taken in, " + std::to_string(rate) +
                     " a second; lost " + std::to_string(value_of(counters, "events_lost_before")) +
                     " before the broker, " + std::to_string(value_of(counters, "events_lost_after")) +
                     " known behind it";
  if (line == last_) return std::nullopt;
  return last_ = std::move(line);
}

}  // namespace zevi::broker

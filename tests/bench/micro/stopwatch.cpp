#include "stopwatch.hpp"

#include <algorithm>

namespace zevi::bench {

namespace {

template <typename Number>
double percentile(const std::vector<Number>& sorted, double part) {
  return static_cast<double>(sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))]);
}

}  // namespace

void Stopwatch::report(benchmark::State& state) {
  std::sort(control_.begin(), control_.end());
  std::sort(measured_.begin(), measured_.end());
  std::sort(rows_ns_.begin(), rows_ns_.end());
  const double clock = percentile(control_, 0.5);
  const auto net_ns = [&](const std::vector<std::uint64_t>& sorted, double part) {
    return (percentile(sorted, part) - clock) * ns_per_tick();
  };
  state.counters["row_ns"] = rows_ns_.empty() ? 0 : percentile(rows_ns_, 0.5);
  state.counters["median_ns"] = net_ns(measured_, 0.5);
  state.counters["p99_ns"] = net_ns(measured_, 0.99);
  state.counters["p999_ns"] = net_ns(measured_, 0.999);
  state.counters["control_p99_ns"] = net_ns(control_, 0.99);
  state.counters["control_p999_ns"] = net_ns(control_, 0.999);
}

}  // namespace zevi::bench

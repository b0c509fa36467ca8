#pragma once

#include <benchmark/benchmark.h>

#include <vector>

#include "ticks.hpp"

namespace zevi::bench {

/// Times calls in two ways, each against a control that meets the same interruptions of the machine.
///
/// One by one, each between two readings of the clock, and before each an empty call: for percentiles. The
/// clock of a virtual machine can move in steps of ten nanoseconds, and the processor is made to finish
/// before it is read, so this says too much of a call that takes less.
///
/// In a row, a burst of calls and a burst of empty ones: what a call costs among other work.
class Stopwatch {
 public:
  explicit Stopwatch(std::size_t samples) {
    control_.reserve(samples);
    measured_.reserve(samples);
    rows_ns_.reserve(samples);
  }

  template <typename Call>
  void time_one(Call call) {
    const std::uint64_t begin = ticks();
    const std::uint64_t between = ticks();
    call();
    const std::uint64_t end = ticks();
    control_.push_back(between - begin);
    measured_.push_back(end - between);
  }

  template <typename Call>
  void time_row(int calls, Call call) {
    const std::uint64_t begin = ticks();
    for (int i = 0; i < calls; ++i) benchmark::DoNotOptimize(i);
    const std::uint64_t between = ticks();
    for (int i = 0; i < calls; ++i) {
      benchmark::DoNotOptimize(i);
      call();
    }
    const std::uint64_t end = ticks();
    const double net = static_cast<double>(end - between) - static_cast<double>(between - begin);
    rows_ns_.push_back(net * ns_per_tick() / calls);
  }

  /// Of the calls in a row the median. Of those timed one by one percentiles in ns, less the control's
  /// median, which is what reading the clock costs; of the control likewise, which is what the machine's
  /// interruptions are.
  void report(benchmark::State& state);

 private:
  std::vector<std::uint64_t> control_;
  std::vector<std::uint64_t> measured_;
  std::vector<double> rows_ns_;
};

}  // namespace zevi::bench

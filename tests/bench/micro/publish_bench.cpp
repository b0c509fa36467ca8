#include <benchmark/benchmark.h>

#include "arena.hpp"
#include "counting_allocator.hpp"
#include "event.hpp"
#include "stopwatch.hpp"

/// What publishing costs the worker's thread, in bursts with the flusher at work beside it. Every second
/// burst is timed call by call, the others as a whole.
namespace {

using zevi::EventTime;
using zevi::bench::Arena;

constexpr int burst = 64;
constexpr int bursts = 2000;
constexpr int wake_ups = 150;

Arena& arena() {
  static Arena the_arena;
  return the_arena;
}

/// Times `call(i)` for the i-th event. `pause` is what happens between bursts.
template <typename Call>
void time_bursts(benchmark::State& state, int calls, void (*pause)(), Call call) {
  zevi::bench::Stopwatch stopwatch(static_cast<std::size_t>(state.max_iterations) *
                                   static_cast<std::size_t>(calls));
  const std::uint64_t dropped_before = arena().publisher().statistics().dropped;
  call(0);  // makes the thread's ring
  std::uint64_t allocations = 0;
  std::uint64_t number = 0;
  bool one_by_one = true;
  const auto next = [&] { call(number++); };
  for (auto _ : state) {
    pause();
    const std::uint64_t before = zevi::bench::allocations();
    if (one_by_one) {
      for (int i = 0; i < calls; ++i) stopwatch.time_one(next);
    } else {
      stopwatch.time_row(calls, next);
    }
    allocations += zevi::bench::allocations() - before;
    one_by_one = !one_by_one;
  }
  stopwatch.report(state);
  state.counters["allocations"] = static_cast<double>(allocations);
  const std::uint64_t dropped = arena().publisher().statistics().dropped - dropped_before;
  if (dropped > 0) state.SkipWithError("the ring was full");
}

void publish_typed(benchmark::State& state) {
  const auto topic = arena().wanted();
  time_bursts(state, burst, Arena::rest, [&](std::uint64_t i) {
    benchmark::DoNotOptimize(topic.publish(zevi::bench::event_number(i, 0, 1'776'767'469'200'446'000)));
  });
}

/// The caller knows what time it is, as most that publish several events in a row do.
void publish_timed(benchmark::State& state) {
  const auto topic = arena().wanted();
  const EventTime now(std::chrono::nanoseconds(1'776'767'469'200'446'000));
  time_bursts(state, burst, Arena::rest, [&](std::uint64_t i) {
    benchmark::DoNotOptimize(topic.publish(zevi::bench::event_number(i, 0, 1'776'767'469'200'446'000), now));
  });
}

/// What a worker pays whose broker has been away or behind for so long that ring and window are full.
void publish_dropped(benchmark::State& state) {
  const auto topic = arena().blocked();
  while (topic.publish(zevi::bench::event_number(0, 0, 0)) != zevi::Status::ring_full) {
  }
  time_bursts(state, burst, Arena::rest, [&](std::uint64_t i) {
    benchmark::DoNotOptimize(topic.publish(zevi::bench::event_number(i, 0, 1'776'767'469'200'446'000)));
  });
}

void publish_built(benchmark::State& state) {
  const auto topic = arena().publisher().topic("E_PROFILING_PROC");
  time_bursts(state, burst, Arena::rest, [&](std::uint64_t i) {
    const auto status = topic.event()
                            .put("sec", 1'776'767'469)
                            .put("usec", 200'446)
                            .put("session", zevi::bench::first_session + static_cast<std::int64_t>(i))
                            .put("verb", "enter")
                            .put("name", "ipc_job")
                            .put("type", 2)
                            .put("depth", 1)
                            .put("file", "handle_io")
                            .put("line", 500)
                            .commit();
    benchmark::DoNotOptimize(status);
  });
}

void publish_unwanted(benchmark::State& state) {
  const auto topic = arena().unwanted();
  zevi::E_PROFILING_SCRIPT event{};
  time_bursts(state, burst, Arena::rest, [&](std::uint64_t i) {
    event.session = static_cast<std::int64_t>(i);
    benchmark::DoNotOptimize(topic.publish(event));
  });
}

void enabled(benchmark::State& state) {
  const auto topic = arena().unwanted();
  time_bursts(state, burst, Arena::rest, [&](std::uint64_t) { benchmark::DoNotOptimize(topic.enabled()); });
}

/// The first event after a quiet time, which wakes the flusher by a system call.
void publish_and_wake(benchmark::State& state) {
  const auto topic = arena().wanted();
  time_bursts(state, 1, Arena::let_flusher_sleep, [&](std::uint64_t i) {
    benchmark::DoNotOptimize(topic.publish(zevi::bench::event_number(i, 0, 1'776'767'469'200'446'000)));
  });
}

}  // namespace

/// Each under its own name, and a tenth of it as `quick_NAME`.
#define ZEVI_BENCH(call, iterations)       \
  BENCHMARK(call)->Iterations(iterations); \
  BENCHMARK(call)->Name("quick_" #call)->Iterations((iterations) / 10)

ZEVI_BENCH(publish_typed, bursts);
ZEVI_BENCH(publish_timed, bursts);
ZEVI_BENCH(publish_built, bursts);
ZEVI_BENCH(publish_dropped, bursts);
ZEVI_BENCH(publish_unwanted, bursts);
ZEVI_BENCH(enabled, bursts);
ZEVI_BENCH(publish_and_wake, wake_ups);
BENCHMARK_MAIN();

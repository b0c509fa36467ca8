#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "event.hpp"
#include "zevi/wire/body.hpp"

/// What broker and subscriber spend on not trusting a body: ns per event, for the event that all benchmarks
/// carry, for such events of many shapes in turn, and for a log line whose text has to be looked at.
namespace {

std::string encoded(const zevi::E_PROFILING_PROC& event) {
  std::string params(event.encoded_bytes_max(), '\0');
  auto* const begin = reinterpret_cast<std::uint8_t*>(params.data());
  params.resize(static_cast<std::size_t>(event.encode(begin) - begin));
  return params;
}

std::string profiling_event() {
  return encoded(zevi::bench::event_number(0, 0, 1776767469200446000));
}

/// As a busy worker raises them: the names differ in length, and so do the numbers in width.
std::vector<std::string> mixed_profiling_events() {
  static constexpr std::string_view names[] = {"ipc_job", "udp proto reading", "reading done", "timer_job"};
  static constexpr std::string_view files[] = {"handle_io", "io_wait_loop_epoll", "run_timer"};
  std::vector<std::string> events;
  for (unsigned i = 0; i < 16; ++i) {
    zevi::E_PROFILING_PROC event = zevi::bench::event_number(i, i, 1776767469200446000 + 39'000'000 * i);
    event.verb = i % 2 == 0 ? "enter" : "exit";
    event.name = names[(i * 7 + i / 3) % std::size(names)];
    event.file = files[(i * 5 + i / 4) % std::size(files)];
    if (i % 2 == 1) event.status = i % 3 == 0 ? -1 : 1;
    events.push_back(encoded(event));
  }
  return events;
}

std::string log_event(std::string_view message) {
  std::string params;
  zevi::pack::Writer(params).map(3).text("level").uint(3).text("module").text("core").text("message").text(
      message);
  return params;
}

constexpr std::uint32_t entries_per_body = 400;

std::string body_of(const std::vector<std::string>& events, std::uint32_t n) {
  std::string body(zevi::wire::body_head_bytes, '\0');
  zevi::pack::put_array32_head(reinterpret_cast<std::uint8_t*>(body.data()), n);
  for (std::uint32_t i = 0; i < n; ++i) {
    std::uint8_t head[zevi::wire::entry_head_bytes];
    zevi::pack::put_int64_wide(zevi::pack::put_array_head(head, 2), 1776767469200446000 + i);
    body.append(reinterpret_cast<const char*>(head), sizeof head).append(events[i % events.size()]);
  }
  return body;
}

void count(benchmark::State& state, const std::string& body, std::uint32_t n) {
  state.SetItemsProcessed(state.iterations() * n);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}

void check_bodies(benchmark::State& state, const std::vector<std::string>& events) {
  const std::string body = body_of(events, entries_per_body);
  for (auto _ : state) {
    const zevi::wire::BodyCheck check = zevi::wire::check_body(body, entries_per_body);
    if (!check) state.SkipWithError("the body was refused");
  }
  count(state, body, entries_per_body);
}

void check_profiling_events(benchmark::State& state) {
  check_bodies(state, {profiling_event()});
}

void check_and_place_profiling_events(benchmark::State& state) {
  const std::string body = body_of({profiling_event()}, entries_per_body);
  std::vector<zevi::wire::EntryPlace> places;
  for (auto _ : state) {
    const zevi::wire::BodyCheck check = zevi::wire::check_body(body, entries_per_body, places);
    if (!check) state.SkipWithError("the body was refused");
    benchmark::DoNotOptimize(places.data());
  }
  count(state, body, entries_per_body);
}

void check_lone_profiling_event(benchmark::State& state) {
  const std::string body = body_of({profiling_event()}, 1);
  for (auto _ : state) {
    const zevi::wire::BodyCheck check = zevi::wire::check_body(body, 1);
    if (!check) state.SkipWithError("the body was refused");
  }
  count(state, body, 1);
}

void check_params_of_profiling_event(benchmark::State& state) {
  const std::string params = profiling_event();
  for (auto _ : state) {
    const zevi::wire::BodyCheck check = zevi::wire::check_params(params);
    if (!check) state.SkipWithError("the event was refused");
  }
  count(state, params, 1);
}

void check_mixed_profiling_events(benchmark::State& state) {
  check_bodies(state, mixed_profiling_events());
}

void check_log_lines(benchmark::State& state) {
  check_bodies(state,
               {log_event("no route to sip:alice@example.com, giving up after 3 attempts in 1500 ms"),
                log_event("no route to sip:bob@example.org, giving up after 12 attempts in 61500 ms")});
}

void check_log_lines_beyond_ascii(benchmark::State& state) {
  check_bodies(state,
               {log_event("kein Weg zu Jürgen Größe, änderungen später möglich; вызов отклонён: 呼叫被拒绝"),
                log_event("kein Weg zu Jürgen Klein, änderung später möglich; вызов отклонён: 呼叫被拒绝")});
}

}  // namespace

BENCHMARK(check_profiling_events);
BENCHMARK(check_and_place_profiling_events);
BENCHMARK(check_lone_profiling_event);
BENCHMARK(check_params_of_profiling_event);
BENCHMARK(check_mixed_profiling_events);
BENCHMARK(check_log_lines);
BENCHMARK(check_log_lines_beyond_ascii);
BENCHMARK_MAIN();

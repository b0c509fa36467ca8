#include <benchmark/benchmark.h>

#include <string>

#include "zevi/wire/body.hpp"

/// What the broker spends on not trusting a body: ns per event, for the event that a busy worker publishes
/// most, and for a log line whose text has to be looked at.
namespace {

std::string profiling_event() {
  std::string params;
  zevi::pack::Writer writer(params);
  writer.map(9).text("sec").uint(1776767469).text("usec").uint(200446).text("session").uint(3463978);
  writer.text("pid").uint(4711).text("depth").uint(3).text("verb").text("start").text("type").text(
      "function");
  writer.text("name").text("t_relay").text("status").sint(-1);
  return params;
}

std::string log_event(std::string_view message) {
  std::string params;
  zevi::pack::Writer(params).map(3).text("level").uint(3).text("module").text("core").text("message").text(
      message);
  return params;
}

std::string body_of(const std::string& params, std::uint32_t n) {
  std::string body(zevi::wire::body_head_bytes, '\0');
  zevi::pack::put_array32_head(reinterpret_cast<std::uint8_t*>(body.data()), n);
  for (std::uint32_t i = 0; i < n; ++i) {
    std::uint8_t head[zevi::wire::entry_head_bytes];
    zevi::pack::put_int64_wide(zevi::pack::put_array_head(head, 2), 1776767469200446000);
    body.append(reinterpret_cast<const char*>(head), sizeof head).append(params);
  }
  return body;
}

void check_bodies(benchmark::State& state, const std::string& params) {
  constexpr std::uint32_t n = 400;
  const std::string body = body_of(params, n);
  for (auto _ : state) {
    const zevi::wire::BodyCheck check = zevi::wire::check_body(body, n);
    if (!check) state.SkipWithError("the body was refused");
  }
  state.SetItemsProcessed(state.iterations() * n);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
  state.counters["event_bytes"] = static_cast<double>(params.size());
}

void check_profiling_events(benchmark::State& state) {
  check_bodies(state, profiling_event());
}
void check_log_lines(benchmark::State& state) {
  check_bodies(state, log_event("no route to sip:alice@example.com, giving up after 3 attempts in 1500 ms"));
}
void check_log_lines_beyond_ascii(benchmark::State& state) {
  check_bodies(state,
               log_event("kein Weg zu Jürgen Größe, änderungen später möglich; вызов отклонён: 呼叫被拒绝"));
}

}  // namespace

BENCHMARK(check_profiling_events);
BENCHMARK(check_log_lines);
BENCHMARK(check_log_lines_beyond_ascii);
BENCHMARK_MAIN();

#include "event.hpp"

#include <algorithm>
#include <ctime>

namespace zevi::bench {

namespace {

std::int64_t read_clock(clockid_t clock) noexcept {
  timespec time{};
  clock_gettime(clock, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

/// Room for the samples of a run, so that keeping one does not allocate.
constexpr std::size_t samples_reserved = 1'000'000;

bool is_as_published(const E_PROFILING_PROC& event) noexcept {
  return event.verb == "enter" && event.name == "ipc_job" && event.type == 2 && event.depth == 1 &&
         event.file == "handle_io" && event.line >= first_line && !event.status &&
         event.session >= first_session && event.usec >= 0 && event.usec <= 999'999;
}

}  // namespace

std::int64_t now_ns() noexcept {
  return read_clock(CLOCK_REALTIME);
}

std::int64_t cpu_ns() noexcept {
  return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

Checker::Checker(std::uint32_t publishers, std::uint32_t topics, std::uint64_t sample_every)
    : topics_(topics),
      next_session_(std::size_t{publishers} * topics, first_session),
      sample_every_(sample_every) {
  latency_us_.reserve(samples_reserved);
}

void Checker::take(std::string_view params) noexcept {
  ++received_;
  E_PROFILING_PROC event;
  if (!E_PROFILING_PROC::decode(params, event) || !is_as_published(event)) {
    ++wrong_;
    return;
  }
  const auto publisher = static_cast<std::size_t>(*event.line - first_line);
  const auto topic = static_cast<std::size_t>(event.session - first_session) % topics_;
  const std::size_t place = publisher * topics_ + topic;
  if (place >= next_session_.size()) {
    ++wrong_;
    return;
  }
  if (event.session < next_session_[place]) ++disordered_;
  next_session_[place] = event.session + 1;
  if (received_ % sample_every_ == 0) {
    latency_us_.push_back(now_ns() / 1000 - (event.sec * 1'000'000 + event.usec));
  }
}

double Checker::latency_us(double part) noexcept {
  if (latency_us_.empty()) return 0;
  const auto place = static_cast<std::ptrdiff_t>(part * static_cast<double>(latency_us_.size() - 1));
  const auto at = latency_us_.begin() + place;
  std::nth_element(latency_us_.begin(), at, latency_us_.end());
  return static_cast<double>(*at);
}

}  // namespace zevi::bench

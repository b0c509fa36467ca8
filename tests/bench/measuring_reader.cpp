#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "cpu_time.hpp"
#include "program.hpp"
#include "zevi/events.hpp"
#include "zevi/subscriber.hpp"

/// Reads E_PROFILING_PROC events, every parameter of them, checks that none is missing, and prints rate and
/// latency as one JSON object.
namespace {

namespace po = zevi::program::po;
using Clock = std::chrono::steady_clock;

constexpr zevi::program::About about{"measuring_reader", "[OPTION]...",
                                     "Reads E_PROFILING_PROC events from the stream endpoint.", ""};

struct Measured {
  std::uint64_t events = 0;
  std::uint64_t lost = 0;
  std::uint64_t wrong = 0;
  std::vector<double> latency_us;
  Clock::time_point first;
  Clock::time_point last;
};

void take(const zevi::Event& event, Measured& measured) {
  if (measured.events == 0) measured.first = Clock::now();
  zevi::E_PROFILING_PROC typed;
  const bool right = event.as(typed) && typed.verb == "exit" && typed.line == 522 && typed.status == 0;
  if (!right) ++measured.wrong;
  // One in 64, so that reading the clock does not count.
  if (measured.events % 64 == 0) {
    const auto age = std::chrono::system_clock::now() - event.time();
    measured.latency_us.push_back(std::chrono::duration<double, std::micro>(age).count());
  }
  ++measured.events;
}

Measured read_events(zevi::Subscriber& subscriber, std::uint64_t count) {
  Measured measured;
  while (measured.events + measured.lost < count) {
    const zevi::Message* const message = subscriber.next(std::chrono::seconds(20));
    if (message == nullptr) break;
    if (const zevi::Event* const event = message->event()) take(*event, measured);
    if (const zevi::Gap* const gap = message->gap()) measured.lost += gap->count();
    if (const zevi::LostBefore* const lost = message->lost_before()) measured.lost += lost->count;
  }
  measured.last = Clock::now();
  return measured;
}

int read(int argc, char** argv) {
  zevi::program::OptionTable table;
  zevi::SubscriberOptions options;
  std::uint64_t events = 0;
  table.visible.add_options()("runtime-dir", po::value(&options.runtime_dir)->required(), "of the broker")(
      "events", po::value(&events)->default_value(1'000'000), "how many to wait for");
  po::variables_map values;
  if (!zevi::program::parse(about, table, argc, argv, values)) return 0;

  options.topics = {"E_PROFILING_PROC"};
  zevi::Subscriber subscriber(options);
  Measured measured = read_events(subscriber, events);
  std::vector<double>& latency = measured.latency_us;
  std::sort(latency.begin(), latency.end());
  const double seconds = std::chrono::duration<double>(measured.last - measured.first).count();
  std::printf(
      "{\"events\": %llu, \"lost\": %llu, \"wrong\": %llu, \"events_per_second\": %.0f, "
      "\"latency_us_p50\": %.0f, \"latency_us_p99\": %.0f, \"cpu_seconds\": %.3f}\n",
      static_cast<unsigned long long>(measured.events), static_cast<unsigned long long>(measured.lost),
      static_cast<unsigned long long>(measured.wrong), static_cast<double>(measured.events) / seconds,
      latency.empty() ? 0 : latency[latency.size() / 2],
      latency.empty() ? 0 : latency[latency.size() * 99 / 100], cpu_seconds());
  return measured.events == events && measured.wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  return zevi::program::run("measuring_reader", [&] { return read(argc, argv); });
}

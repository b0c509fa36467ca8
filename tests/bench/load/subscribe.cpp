#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <limits>

#include "event.hpp"
#include "program.hpp"
#include "receiver.hpp"

/// One subscriber of a load: subscribes, says `ready`, reads and checks every event, is told on standard
/// input how many there were once all are published, and prints what it saw as one JSON object.
namespace {

namespace po = zevi::program::po;
using Clock = std::chrono::steady_clock;

constexpr zevi::program::About about{"bench-subscribe", "[OPTION]...",
                                     "Reads E_PROFILING_PROC events and checks every one.", ""};

/// An event that has not come so long after the last one, with all published, is lost.
constexpr std::chrono::milliseconds patience{1000};

struct Reading {
  Clock::time_point first;
  Clock::time_point last;
  std::int64_t cpu_ns = 0;
};

/// The number of events published, once standard input tells it; before, more than can be.
class Total {
 public:
  [[nodiscard]] bool is_known() const noexcept { return events_ != unknown; }
  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }
  /// True if it has become known now.
  bool look() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (is_known() || poll(&input, 1, 0) <= 0) return false;
    if (!(std::cin >> events_)) events_ = 0;
    return true;
  }

 private:
  static constexpr std::uint64_t unknown = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t events_ = unknown;
};

Reading read_all(zevi::bench::Receiver& receiver, zevi::bench::Checker& checker) {
  const std::int64_t cpu_before = zevi::bench::cpu_ns();
  Reading reading;
  Total total;
  Clock::time_point changed = Clock::now();
  Clock::time_point looked = changed;
  while (checker.received() < total.events()) {
    const std::uint64_t before = checker.received();
    receiver.receive(checker, std::chrono::milliseconds(20));
    const auto now = Clock::now();
    if (checker.received() > before) {
      if (before == 0) reading.first = now;
      reading.last = changed = now;
    }
    if (now - looked < std::chrono::milliseconds(10)) continue;
    looked = now;
    if (total.is_known() && now - changed > patience) break;
    if (total.look()) changed = now;
  }
  reading.cpu_ns = zevi::bench::cpu_ns() - cpu_before;
  return reading;
}

int subscribe(int argc, char** argv) {
  zevi::program::OptionTable table;
  zevi::bench::ReceiverSetup setup;
  std::uint32_t publishers = 0;
  std::uint32_t topics = 0;
  std::uint64_t sample_every = 0;
  table.visible.add_options()("address", po::value(&setup.address)->default_value(""), "of the broker")(
      "topic", po::value(&setup.topic)->default_value("E_PROFILING_PROC"), "what topics begin with")(
      "publishers", po::value(&publishers)->default_value(1), "how many there are")(
      "topics", po::value(&topics)->default_value(1), "how many topics each publishes to in turn")(
      "sample-every", po::value(&sample_every)->default_value(1),
      "look at the age of one event in this many");
  po::variables_map values;
  if (!zevi::program::parse(about, table, argc, argv, values)) return 0;

  zevi::bench::Checker checker(publishers, topics, sample_every);
  const auto receiver = zevi::bench::subscribe(setup);
  std::cout << "ready" << std::endl;
  const Reading reading = read_all(*receiver, checker);
  std::printf(
      "{\"received\": %llu, \"wrong\": %llu, \"disordered\": %llu, \"seconds\": %.6f, \"cpu_ns\": %lld, "
      "\"latency_us_p50\": %.0f, \"latency_us_p99\": %.0f}\n",
      static_cast<unsigned long long>(checker.received()), static_cast<unsigned long long>(checker.wrong()),
      static_cast<unsigned long long>(checker.disordered()),
      std::chrono::duration<double>(reading.last - reading.first).count(),
      static_cast<long long>(reading.cpu_ns), checker.latency_us(0.5), checker.latency_us(0.99));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return zevi::program::run("bench-subscribe", [&] { return subscribe(argc, argv); });
}

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "cpu_time.hpp"
#include "program.hpp"
#include "zevi/events.hpp"
#include "zevi/publisher.hpp"

/// Publishes E_PROFILING_PROC events as fast as it can or at a rate, and prints what that took as one JSON
/// object.
namespace {

namespace po = zevi::program::po;
using Clock = std::chrono::steady_clock;

constexpr zevi::program::About about{"load_generator", "[OPTION]...",
                                     "Publishes E_PROFILING_PROC events once somebody subscribes to them.",
                                     ""};

struct Load {
  std::uint64_t events = 0;
  double rate = 0;
};

zevi::E_PROFILING_PROC event_number(std::uint64_t i) {
  return {.sec = 1776767469,
          .usec = 200446,
          .session = static_cast<std::int64_t>(i),
          .verb = "exit",
          .name = "udp proto reading",
          .type = 64,
          .depth = 2,
          .file = "net/net_udp.c",
          .line = 522,
          .status = 0};
}

void wait_until_wanted(const zevi::Publisher& publisher,
                       const zevi::TypedTopic<zevi::E_PROFILING_PROC>& topic) {
  while (publisher.statistics().connected == 0 || !topic.enabled()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

/// Nanoseconds of each publish, in groups of this many so that reading the clock does not count.
constexpr std::uint64_t group = 16;

std::vector<double> publish_all(const zevi::TypedTopic<zevi::E_PROFILING_PROC>& topic, const Load& load) {
  std::vector<double> group_ns;
  group_ns.reserve(load.events / group + 1);
  const auto begin = Clock::now();
  for (std::uint64_t i = 0; i < load.events;) {
    if (load.rate > 0) {
      std::this_thread::sleep_until(begin +
                                    std::chrono::duration_cast<Clock::duration>(
                                        std::chrono::duration<double>(static_cast<double>(i) / load.rate)));
    }
    const auto from = Clock::now();
    const std::uint64_t end = std::min(i + group, load.events);
    const auto count = static_cast<double>(end - i);
    for (; i < end; ++i) topic.publish(event_number(i));
    group_ns.push_back(std::chrono::duration<double, std::nano>(Clock::now() - from).count() / count);
  }
  return group_ns;
}

int generate(int argc, char** argv) {
  zevi::program::OptionTable table;
  Load load;
  std::string runtime_dir;
  table.visible.add_options()("runtime-dir", po::value(&runtime_dir)->required(), "of the broker")(
      "events", po::value(&load.events)->default_value(1'000'000), "how many")(
      "rate", po::value(&load.rate)->default_value(0), "events a second; 0 is as fast as it goes");
  po::variables_map values;
  if (!zevi::program::parse(about, table, argc, argv, values)) return 0;

  zevi::PublisherOptions options;
  options.runtime_dir = runtime_dir.c_str();
  options.full_policy = ZEVI_WAIT;
  options.wait_max_ns = 60'000'000'000;
  zevi::Publisher publisher(options);
  const auto topic = publisher.topic<zevi::E_PROFILING_PROC>();
  wait_until_wanted(publisher, topic);

  const auto begin = Clock::now();
  std::vector<double> ns = publish_all(topic, load);
  const double published = std::chrono::duration<double>(Clock::now() - begin).count();
  publisher.flush(std::chrono::minutes(1));
  const double acknowledged = std::chrono::duration<double>(Clock::now() - begin).count();
  std::sort(ns.begin(), ns.end());
  const zevi::Statistics statistics = publisher.statistics();
  std::printf(
      "{\"events\": %llu, \"dropped\": %llu, \"publish_ns_median\": %.1f, \"publish_ns_p99\": %.1f, "
      "\"published_seconds\": %.3f, \"acknowledged_seconds\": %.3f, \"cpu_seconds\": %.3f}\n",
      static_cast<unsigned long long>(statistics.published),
      static_cast<unsigned long long>(statistics.dropped), ns[ns.size() / 2], ns[ns.size() * 99 / 100],
      published, acknowledged, cpu_seconds());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return zevi::program::run("load_generator", [&] { return generate(argc, argv); });
}

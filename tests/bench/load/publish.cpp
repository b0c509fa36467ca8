#include <sys/prctl.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <thread>

#include "event.hpp"
#include "program.hpp"
#include "sender.hpp"

/// One publisher of a load: connects, says `ready`, waits for a line on standard input, publishes, says how
/// much that was, waits for another line, and says what it took. The last two are JSON objects.
namespace {

namespace po = zevi::program::po;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr zevi::program::About about{
    "bench-publish", "[OPTION]...",
    "Publishes E_PROFILING_PROC events for a while, at a rate or as fast as it goes.", ""};

struct Load {
  zevi::bench::SenderSetup setup;
  Seconds duration{0};
  Seconds tick{0};
  std::string topic;
  std::uint32_t topics = 1;
};

bool read_options(int argc, char** argv, Load& load) {
  zevi::program::OptionTable table;
  double seconds = 0;
  double tick_us = 0;
  table.visible.add_options()("address", po::value(&load.setup.address)->default_value(""), "of the broker")(
      "index", po::value(&load.setup.index)->default_value(0), "which of the publishers this is, from 0")(
      "subscribers", po::value(&load.setup.subscribers)->default_value(1), "that are to be waited for")(
      "seconds", po::value(&seconds)->default_value(3), "how long to publish")(
      "rate", po::value(&load.setup.rate)->default_value(0), "events a second; 0 is as fast as it goes")(
      "tick-us", po::value(&tick_us)->default_value(100), "how often a rate publishes what is due")(
      "topic", po::value(&load.topic)->default_value(std::string(zevi::E_PROFILING_PROC::topic)),
      "the first of the topics")("topics", po::value(&load.topics)->default_value(1),
                                 "how many topics the events go to in turn");
  po::variables_map values;
  if (!zevi::program::parse(about, table, argc, argv, values)) return false;
  load.duration = Seconds(seconds);
  load.tick = Seconds(std::max(tick_us * 1e-6, load.setup.rate > 0 ? 1 / load.setup.rate : 0));
  return true;
}

/// `TOPIC`, and behind the first one `TOPIC.INDEX.NUMBER`.
std::vector<std::string> topic_names(const Load& load) {
  std::vector<std::string> names{load.topic};
  for (std::uint32_t i = 1; i < load.topics; ++i) {
    names.push_back(names[0] + "." + std::to_string(load.setup.index) + "." + std::to_string(i));
  }
  return names;
}

/// How long a publisher may go on that has got behind its rate, as a part of the load's duration.
constexpr double overtime = 1.1;

class Publishing {
 public:
  Publishing(zevi::bench::Sender& sender, const Load& load) : sender_(sender), load_(load) {}

  [[nodiscard]] std::uint64_t published() const noexcept { return number_; }

  void as_fast_as_it_goes() {
    const std::int64_t end = zevi::bench::now_ns() + static_cast<std::int64_t>(load_.duration.count() * 1e9);
    while (publish_one() < end) {
    }
  }

  /// Publishes in each tick what is due by then; a late tick is made up for. When the time is up it ends,
  /// even if the broker has not taken all that was due.
  void at_a_rate() {
    // Publishers that start together are to be spread over the tick, however many there are.
    const double golden = load_.setup.index * 0.618034;
    const Seconds phase = load_.tick * (golden - std::floor(golden));
    const auto begin = Clock::now() + std::chrono::duration_cast<Clock::duration>(phase);
    const auto total = static_cast<std::uint64_t>(load_.setup.rate * load_.duration.count());
    const auto end = begin + std::chrono::duration_cast<Clock::duration>(load_.duration * overtime);
    for (std::uint64_t tick = 0; number_ < total && Clock::now() < end; ++tick) {
      const Seconds due = load_.tick * static_cast<double>(tick);
      std::this_thread::sleep_until(begin + std::chrono::duration_cast<Clock::duration>(due));
      const Seconds passed = std::max(due, Seconds(Clock::now() - begin));
      const auto until = static_cast<std::uint64_t>(load_.setup.rate * passed.count()) + 1;
      while (number_ < std::min(until, total)) publish_one();
      sender_.push();
    }
  }

 private:
  /// Gives the time of the event.
  std::int64_t publish_one() {
    const std::int64_t now = zevi::bench::now_ns();
    sender_.send(topic_, zevi::bench::event_number(number_, load_.setup.index, now), now);
    ++number_;
    if (++topic_ == load_.topics) topic_ = 0;
    return now;
  }

  zevi::bench::Sender& sender_;
  const Load& load_;
  std::uint64_t number_ = 0;
  std::size_t topic_ = 0;
};

bool wait_for_line() {
  std::string line;
  return static_cast<bool>(std::getline(std::cin, line));
}

int publish(int argc, char** argv) {
  Load load;
  if (!read_options(argc, argv, load)) return 0;
  load.setup.topics = topic_names(load);
  prctl(PR_SET_TIMERSLACK, 1);

  const auto sender = zevi::bench::connect(load.setup);
  std::cout << "ready" << std::endl;
  if (!wait_for_line()) return 1;

  Publishing publishing(*sender, load);
  const std::int64_t cpu_before = zevi::bench::cpu_ns();
  const auto begin = Clock::now();
  if (load.setup.rate > 0) {
    publishing.at_a_rate();
  } else {
    publishing.as_fast_as_it_goes();
  }
  sender->push();
  const Seconds seconds = Clock::now() - begin;
  std::cout << "{\"published\": " << publishing.published() << ", \"seconds\": " << seconds.count() << "}"
            << std::endl;

  // The connection stays until everything has arrived, and what its threads do until then counts.
  if (!wait_for_line()) return 1;
  const std::uint64_t dropped = sender->finish();
  std::cout << "{\"dropped\": " << dropped << ", \"cpu_ns\": " << zevi::bench::cpu_ns() - cpu_before << "}"
            << std::endl;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return zevi::program::run("bench-publish", [&] { return publish(argc, argv); });
}

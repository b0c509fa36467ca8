#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string_view>

#include "arena.hpp"
#include "event.hpp"

/// Publishes for `strace` to watch: the calls of a burst stand between two calls of getppid, or between one
/// of getppid and one of getpgid if the burst does not count, since the machine held it up for so long that
/// the flusher may have gone to sleep.
///
///     bench-publish-syscalls awake|asleep EVENTS
namespace {

using zevi::bench::Arena;

using Clock = std::chrono::steady_clock;

/// Shorter than the flusher collects before it looks whether it can sleep.
constexpr std::chrono::microseconds held_up{100};
/// Bursts that are tried for each that is asked for, before it is given up.
constexpr int patience = 100;

bool publish_burst(const zevi::TypedTopic<zevi::E_PROFILING_PROC>& topic, int events, bool awake) {
  std::uint64_t number = 0;
  awake ? Arena::rest() : Arena::let_flusher_sleep();
  const auto begin = Clock::now();
  // The pause may have been a long one: this one wakes the flusher if that sleeps.
  if (awake) topic.publish(zevi::bench::event_number(number++, 0, 0));
  syscall(SYS_getppid);
  for (int i = 0; i < events; ++i) topic.publish(zevi::bench::event_number(number++, 0, 0));
  const bool counts = !awake || Clock::now() - begin < held_up;
  syscall(counts ? SYS_getppid : SYS_getpgid, 0);
  return counts;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const bool awake = std::string_view(argv[1]) == "awake";
  const int events = std::atoi(argv[2]);
  const int at_once = awake ? 64 : 1;

  const Arena arena;
  const auto topic = arena.wanted();
  topic.publish(zevi::bench::event_number(0, 0, 0));
  int left = events / at_once;
  for (int tries = patience * left; left > 0 && tries > 0; --tries) {
    if (publish_burst(topic, at_once, awake)) --left;
  }
  return left > 0 ? 1 : 0;
}

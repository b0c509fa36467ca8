#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "arena.hpp"
#include "event.hpp"

/// Publishes for `strace` to watch: the calls of a phase stand between two calls of getppid.
///
///     bench-publish-syscalls awake|asleep EVENTS
namespace {

using zevi::bench::Arena;

void mark() {
  syscall(SYS_getppid);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const bool awake = std::string_view(argv[1]) == "awake";
  const int events = std::atoi(argv[2]);
  const int at_once = awake ? 64 : 1;

  const Arena arena;
  const auto topic = arena.wanted();
  std::uint64_t number = 0;
  topic.publish(zevi::bench::event_number(number++, 0, 0));
  for (int published = 0; published < events; published += at_once) {
    awake ? Arena::rest() : Arena::let_flusher_sleep();
    // The pause may have been a long one: this one wakes the flusher if that sleeps.
    if (awake) topic.publish(zevi::bench::event_number(number++, 0, 0));
    mark();
    for (int i = 0; i < at_once; ++i) topic.publish(zevi::bench::event_number(number++, 0, 0));
    mark();
  }
  return 0;
}

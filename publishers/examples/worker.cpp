#include <csignal>
#include <cstdlib>
#include <iostream>
#include <thread>
#include <zevi/events.hpp>
#include <zevi/publisher.hpp>

namespace {

volatile std::sig_atomic_t stop_asked = 0;

// Publishes an event of the catalogue, which is a struct, and one of its own, whose parameters are put one by
// one. What became of each is counted by the library.
void handle_calls(const zevi::Publisher& publisher) {
  const auto slow = publisher.topic<zevi::E_CORE_THRESHOLD>();
  const auto calls = publisher.topic("E_EXAMPLE_CALL");
  for (int number = 1; stop_asked == 0; ++number) {
    calls.event().put("caller", "alice").put("number", number).put("seconds", 12.5).commit();
    slow.publish({.source = "dns", .time = 250000, .extra = "example.org"});
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace

int main() {
  std::signal(SIGINT, [](int) { stop_asked = 1; });
  std::signal(SIGTERM, [](int) { stop_asked = 1; });
  try {
    zevi::Publisher publisher;
    handle_calls(publisher);
    const zevi::Status status = publisher.flush(std::chrono::seconds(1));
    const zevi::Statistics counts = publisher.statistics();
    std::cout << counts.published << " published, " << counts.suppressed << " that nobody wanted, "
              << counts.dropped << " dropped; " << zevi::text(status) << std::endl;
    return status == zevi::Status::ok ? EXIT_SUCCESS : EXIT_FAILURE;
  } catch (const zevi::Error& error) {
    std::cerr << "example-typed-worker: error: " << error.what() << std::endl;
    return EXIT_FAILURE;
  }
}

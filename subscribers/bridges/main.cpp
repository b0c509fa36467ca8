#include <csignal>
#include <memory>
#include <optional>

#include "counters.hpp"
#include "cursor_place.hpp"
#include "dry_run.hpp"
#include "log.hpp"
#include "options.hpp"
#include "program.hpp"

namespace zevi::bridges {

namespace {

std::unique_ptr<Bus> make_bus(const Options& options) {
  std::unique_ptr<Bus> bus = options.kind->make(options.bus);
  if (options.is_dry_run) return std::make_unique<DryRun>(options.payload);
  return bus;
}

Template subject_of(const Options& options) {
  try {
    return {options.bus.subject, options.kind->special};
  } catch (const Error& error) {
    throw program::UsageError(error.what());
  }
}

std::string summary_of(const Counters& counters) {
  std::string text;
  for (const CounterDescription& counter : counter_table) {
    const std::uint64_t count = counters.*counter.count;
    text += (text.empty() ? "" : ", ") + std::string(counter.name) + " " + std::to_string(count);
  }
  return text;
}

int bridge_to(const Options& options) {
  const program::Log log("zevi bridge");
  const Mapping mapping(subject_of(options), options.payload, options.bus.name);
  const std::unique_ptr<Bus> bus = make_bus(options);
  const std::string& cursor = options.runner.subscriber.cursor;
  std::optional<CursorLock> lock;
  if (!cursor.empty()) {
    lock.emplace(cursor);
    log.info("cursor " + cursor);
  }
  Runner runner(options.runner, mapping, *bus, log);
  runner.run();
  log.info(summary_of(runner.counters()));
  return program::exit_ok;
}

}  // namespace

}  // namespace zevi::bridges

int main(int argc, char** argv) {
  return zevi::program::run("zevi bridge", [&]() -> int {
    const auto options = zevi::bridges::parse_options(argc, argv);
    if (!options) return zevi::program::exit_ok;
    std::signal(SIGPIPE, SIG_IGN);
    return zevi::bridges::bridge_to(*options);
  });
}

#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "counters.hpp"
#include "cursor_place.hpp"
#include "dry_run.hpp"
#include "importer.hpp"
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

Template as_template(std::string_view text, std::string_view special, bool has_subject) {
  try {
    return {text, special, has_subject};
  } catch (const Error& error) {
    throw program::UsageError(error.what());
  }
}

template <typename Table, typename Of>
std::string summary_of(const Table& table, const Of& counters) {
  std::string text;
  for (const auto& counter : table) {
    const std::uint64_t count = counters.*counter.count;
    text += (text.empty() ? "" : ", ") + std::string(counter.name) + " " + std::to_string(count);
  }
  return text;
}

int bridge_to(const Options& options) {
  const program::Log log("zevi bridge");
  const Mapping mapping(as_template(options.bus.subject, options.kind->special, false), options.payload,
                        options.bus.name);
  const std::unique_ptr<Bus> bus = make_bus(options);
  const std::string& cursor = options.runner.subscriber.cursor;
  std::optional<CursorLock> lock;
  if (!cursor.empty()) {
    lock.emplace(cursor);
    log.info("cursor " + cursor);
  }
  Runner runner(options.runner, mapping, *bus, log);
  runner.run();
  log.info(summary_of(counter_table, runner.counters()));
  return program::exit_ok;
}

int bridge_from(const Options& options) {
  const program::Log log("zevi bridge");
  Unmapping unmapping(as_template(options.topic, "", true), options.bus.name);
  const std::unique_ptr<Source> source = options.kind->make_source(options.bus);
  Importer importer(*source, unmapping, options.local, options.bus.name, options.bus.url.shown(), log);
  if (options.is_dry_run) importer.show_only();
  importer.run();
  log.info(summary_of(import_counter_table, importer.counters()));
  return program::exit_ok;
}

}  // namespace

}  // namespace zevi::bridges

int main(int argc, char** argv) {
  return zevi::program::run("zevi bridge", [&]() -> int {
    const auto options = zevi::bridges::parse_options(argc, argv);
    if (!options) return zevi::program::exit_ok;
    std::signal(SIGPIPE, SIG_IGN);
    using zevi::bridges::Direction;
    return options->direction == Direction::to ? zevi::bridges::bridge_to(*options)
                                               : zevi::bridges::bridge_from(*options);
  });
}

#include "bridge_run.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "counters.hpp"
#include "cursor_place.hpp"
#include "dry_run.hpp"
#include "importer.hpp"
#include "log.hpp"
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

Mapping mapping_of(const Options& options) {
  return {as_template(options.bus.subject, options.kind->special, false), options.payload, options.bus.name};
}

Unmapping unmapping_of(const Options& options) {
  return {as_template(options.topic, "", true), options.bus.name};
}

void run_to(const Options& options, BridgeState& state, EventFd& stop, const program::Log& log) {
  const Mapping mapping = mapping_of(options);
  const std::unique_ptr<Bus> bus = make_bus(options);
  const std::string& cursor = options.runner.subscriber.cursor;
  std::optional<CursorLock> lock;
  if (!cursor.empty()) {
    lock.emplace(cursor);
    log.info("cursor " + cursor);
  }
  Runner runner(options.runner, mapping, *bus, state, stop, log);
  runner.run();
  log.info(summary_of(counter_table, state.counters));
}

void run_from(const Options& options, BridgeState& state, EventFd& stop, const program::Log& log) {
  Unmapping unmapping = unmapping_of(options);
  const std::unique_ptr<Source> source = options.kind->make_source(options.bus);
  Importer importer(*source, unmapping, options.local, options.bus.name, options.bus.url.shown(), state, stop,
                    log);
  if (options.is_dry_run) importer.show_only();
  importer.run();
  log.info(summary_of(import_counter_table, state.imported));
}

}  // namespace

void check(const Options& options) {
  if (options.direction == Direction::to) {
    static_cast<void>(mapping_of(options));
    static_cast<void>(options.kind->make(options.bus));
  } else {
    static_cast<void>(unmapping_of(options));
    static_cast<void>(options.kind->make_source(options.bus));
  }
}

void run(const Options& options, BridgeState& state, EventFd& stop) {
  const program::Log log("zevi bridge", options.name);
  state.begin();
  if (options.direction == Direction::to) {
    run_to(options, state, stop, log);
  } else {
    run_from(options, state, stop, log);
  }
}

}  // namespace zevi::bridges

#include "bridge_metrics.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "process_metrics.hpp"
#include "version.hpp"

namespace zevi::bridges {

namespace {

using namespace std::chrono_literals;
using program::MetricFamily;
using Kind = MetricFamily::Kind;
using Watched = BridgeMetrics::Watched;

// A bus may take two seconds for a call, and the bridge answers behind it.
constexpr std::chrono::milliseconds place_is_told_within = 2500ms;

template <typename Table>
std::string_view meaning_in(const Table& table, std::string_view name) {
  const auto found =
      std::find_if(table.begin(), table.end(), [name](const auto& counter) { return counter.name == name; });
  return found == table.end() ? std::string_view() : found->meaning;
}

/// A name has one meaning for Prometheus, and here one for each direction.
std::string help_of_counter(std::string_view name) {
  const std::string_view to = meaning_in(counter_table, name);
  const std::string_view from = meaning_in(import_counter_table, name);
  if (from.empty() || to == from) return std::string(to);
  if (to.empty()) return std::string(from);
  return "to a bus: " + std::string(to) + "; from a bus: " + std::string(from);
}

/// Families in the order in which they were first named.
class Families {
 public:
  MetricFamily& family(std::string_view name, std::string_view help, Kind kind) {
    const auto found = std::find_if(all_.begin(), all_.end(),
                                    [name](const MetricFamily& family) { return family.name == name; });
    if (found != all_.end()) return *found;
    all_.push_back({std::string(name), std::string(help), kind});
    return all_.back();
  }
  [[nodiscard]] std::vector<MetricFamily> take() { return std::move(all_); }

 private:
  std::vector<MetricFamily> all_;
};

/// A command line may hold what is not for everybody.
std::string shown_bus(const BusUrl& url) {
  return url.scheme == "exec" ? "exec:" : url.shown();
}

/// One bridge of them.
class Series {
 public:
  Series(Families& families, const Watched& bridge) : families_(families) {
    const Options& options = bridge.options;
    if (!options.name.empty()) labels_.push_back({"bridge", options.name});
    labels_.push_back({"direction", options.direction == Direction::to ? "to" : "from"});
    labels_.push_back({"bus", shown_bus(options.bus.url)});
  }

  void add(std::string_view name, std::string_view help, Kind kind, double value) {
    families_.family("zevi_bridge_" + std::string(name), help, kind).add(value, labels_);
  }
  template <typename Table, typename Of>
  void add_counters(const Table& table, const Of& counters) {
    for (const auto& counter : table) {
      add(std::string(counter.name) + "_total", help_of_counter(counter.name), Kind::counter,
          static_cast<double>(counters.*counter.count));
    }
  }

 private:
  Families& families_;
  std::vector<MetricFamily::Label> labels_;
};

/// 0 if there is no event.
double age_in_seconds(std::uint64_t event_ns) {
  if (event_ns == 0) return 0;
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  return std::max(0.0, now.count() - static_cast<double>(event_ns) / 1e9);
}

void add_link(Series& series, const Link& link) {
  series.add("up", "1 while there is a connection to the bus", Kind::gauge, link.is_up ? 1 : 0);
  series.add("retries_total",
             "times that the bus was tried again, since it could not be reached or went away", Kind::counter,
             static_cast<double>(link.retries));
  series.add("failed_attempts", "how many of these in a row; 0 once the bus is there again", Kind::gauge,
             static_cast<double>(link.failed));
}

void add_backlog(Series& series, const BridgeState& state, std::optional<std::uint64_t> lag) {
  series.add("unacknowledged_events", "events that were read and that the bus has not acknowledged yet",
             Kind::gauge, static_cast<double>(state.counters.unacknowledged()));
  series.add("lag_seconds", "age of the oldest event that was read and not acknowledged; 0 without one",
             Kind::gauge, age_in_seconds(state.oldest_ns));
  if (!lag) return;
  series.add("lag_events", "events that the broker has numbered and this bridge is not done with",
             Kind::gauge, static_cast<double>(*lag));
}

}  // namespace

std::vector<std::optional<std::uint64_t>> BridgeMetrics::lags() {
  std::vector<const TopicNumbers*> numbers;
  for (const Watched& bridge : bridges_) {
    const SubscriberOptions& reader = bridge.options.runner.subscriber;
    // Where the broker of an endpoint is asked is not known.
    const bool can_ask = bridge.options.direction == Direction::to && reader.endpoint.empty();
    numbers.push_back(can_ask ? brokers_.of(reader.runtime_dir) : nullptr);
  }
  // Behind the answers of the brokers, so that what has been read since is no lag.
  for (std::size_t i = 0; i < bridges_.size(); ++i) {
    if (numbers[i] != nullptr) bridges_[i].state.place.ask();
  }
  const auto deadline = std::chrono::steady_clock::now() + place_is_told_within;
  std::vector<std::optional<std::uint64_t>> lags(bridges_.size());
  for (std::size_t i = 0; i < bridges_.size(); ++i) {
    if (numbers[i] == nullptr) continue;
    const std::optional<Progress> progress = bridges_[i].state.place.wait_until(deadline);
    if (!progress || progress->read.epoch() != numbers[i]->epoch) continue;
    lags[i] = unread_events(*numbers[i], bridges_[i].options.runner.subscriber.topics,
                            [&progress](std::string_view topic) { return progress->read.next(topic); });
    if (lags[i]) *lags[i] += progress->unacknowledged;
  }
  return lags;
}

std::vector<MetricFamily> BridgeMetrics::collect() {
  const std::lock_guard lock(mutex_);
  const std::vector<std::optional<std::uint64_t>> lag = lags();
  Families families;
  families.family("zevi_bridge_build_info", "version of zevi bridge, always 1", Kind::gauge)
      .add(1, {{"version", std::string(version)}});
  for (std::size_t i = 0; i < bridges_.size(); ++i) {
    const BridgeState& state = bridges_[i].state;
    Series series(families, bridges_[i]);
    add_link(series, state.link);
    if (bridges_[i].options.direction == Direction::to) {
      add_backlog(series, state, lag[i]);
      series.add_counters(counter_table, state.counters);
    } else {
      series.add_counters(import_counter_table, state.imported);
    }
  }
  std::vector<MetricFamily> all = families.take();
  program::append_process_metrics(all);
  return all;
}

}  // namespace zevi::bridges

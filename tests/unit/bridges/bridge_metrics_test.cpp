#include "bridge_metrics.hpp"

#include <algorithm>
#include <list>
#include <thread>

#include "buses.hpp"
#include "catch.hpp"

namespace zevi::bridges {

namespace {

using program::MetricFamily;
using namespace std::chrono_literals;

/// Bridges that nobody runs, of a broker that cannot be asked.
class Bridges {
 public:
  BridgeState& add(Direction direction, const std::string& name, const std::string& url) {
    Bridge& bridge = bridges_.emplace_back();
    bridge.options.name = name;
    bridge.options.direction = direction;
    bridge.options.bus.url = BusUrl::parse(url);
    bridge.options.runner.subscriber.endpoint = "ipc:///nowhere";
    return bridge.state;
  }
  [[nodiscard]] std::vector<MetricFamily> collect() {
    std::vector<BridgeMetrics::Watched> watched;
    for (Bridge& bridge : bridges_) watched.push_back({bridge.options, bridge.state});
    return BridgeMetrics(watched).collect();
  }

 private:
  struct Bridge {
    Options options;
    BridgeState state;
  };
  std::list<Bridge> bridges_;
};

const MetricFamily* find(const std::vector<MetricFamily>& all, const std::string& name) {
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&name](const MetricFamily& family) { return family.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string labels_of(const MetricFamily::Value& value) {
  std::string text;
  for (const MetricFamily::Label& label : value.labels) text += label.name + "=" + label.value + " ";
  return text;
}

}  // namespace

TEST_CASE("every counter of the tables is a series of each bridge of its direction") {
  Bridges bridges;
  bridges.add(Direction::to, "a", "nats://one").counters.read = 7;
  bridges.add(Direction::to, "b", "nats://two").counters.read = 8;
  bridges.add(Direction::from, "c", "nats://three").imported.received = 9;
  const std::vector<MetricFamily> all = bridges.collect();
  for (const CounterDescription& counter : counter_table) {
    const MetricFamily* const family = find(all, "zevi_bridge_" + std::string(counter.name) + "_total");
    REQUIRE(family != nullptr);
    CHECK(family->kind == MetricFamily::Kind::counter);
    CHECK(family->help.find(counter.meaning) != std::string::npos);
    CHECK(family->values.size() >= 2);
  }
  const MetricFamily& read = *find(all, "zevi_bridge_read_total");
  REQUIRE(read.values.size() == 2);
  CHECK(read.values[0].value == 7);
  CHECK(labels_of(read.values[0]) == "bridge=a direction=to bus=nats://one ");
  CHECK(read.values[1].value == 8);
  const MetricFamily& received = *find(all, "zevi_bridge_received_total");
  REQUIRE(received.values.size() == 1);
  CHECK(received.values[0].value == 9);
}

TEST_CASE("a name that both directions have is one family, with a meaning for each") {
  Bridges bridges;
  bridges.add(Direction::from, "", "nats://one").imported.refused = 1;
  bridges.add(Direction::to, "", "nats://two").counters.refused = 2;
  const std::vector<MetricFamily> all = bridges.collect();
  const auto has_name = [](const MetricFamily& family) { return family.name == "zevi_bridge_refused_total"; };
  CHECK(std::count_if(all.begin(), all.end(), has_name) == 1);
  const MetricFamily& refused = *find(all, "zevi_bridge_refused_total");
  CHECK(refused.help ==
        "to a bus: events that the bus will never take; from a bus: messages that are no event");
  REQUIRE(refused.values.size() == 2);
  CHECK(labels_of(refused.values[0]) == "direction=from bus=nats://one ");
  CHECK(find(all, "zevi_bridge_connections_total")->help == "connections made to the bus");
}

TEST_CASE("users, passwords and commands are in no label") {
  Bridges bridges;
  bridges.add(Direction::to, "", "nats://me:secret@one");
  bridges.add(Direction::to, "", "exec:TOKEN=secret send");
  const std::vector<MetricFamily> all = bridges.collect();
  const MetricFamily& up = *find(all, "zevi_bridge_up");
  CHECK(labels_of(up.values.at(0)) == "direction=to bus=nats://one ");
  CHECK(labels_of(up.values.at(1)) == "direction=to bus=exec: ");
}

TEST_CASE("what is not acknowledged follows from the counters") {
  Bridges bridges;
  BridgeState& state = bridges.add(Direction::to, "", "nats://one");
  state.counters.read = 10;
  state.counters.acknowledged = 3;
  state.counters.refused = 1;
  state.counters.expired = 2;
  state.counters.brought_in = 1;
  CHECK(find(bridges.collect(), "zevi_bridge_unacknowledged_events")->values.at(0).value == 3);
  state.begin();
  CHECK(find(bridges.collect(), "zevi_bridge_unacknowledged_events")->values.at(0).value == 0);
}

TEST_CASE("the lag in seconds is the age of the oldest event, and that in events is absent if nobody knows") {
  Bridges bridges;
  BridgeState& state = bridges.add(Direction::to, "", "nats://one");
  const auto lag = [&bridges] {
    return find(bridges.collect(), "zevi_bridge_lag_seconds")->values.at(0).value;
  };
  CHECK(lag() == 0);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  state.oldest_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(now - 100s).count());
  CHECK(lag() >= 100);
  CHECK(lag() < 160);
  state.oldest_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(now + 100s).count());
  CHECK(lag() == 0);
  CHECK(find(bridges.collect(), "zevi_bridge_lag_events") == nullptr);
}

TEST_CASE("unread events are those of the topics asked for, by what the reader has of each") {
  const TopicNumbers broker{.epoch = 1, .next = {{"E_A", 11}, {"E_A_B", 6}, {"E_C", 101}}};
  const std::map<std::string, std::uint64_t, std::less<>> here{{"E_A", 4}, {"E_A_B", 9}};
  const auto next_of = [&here](std::string_view topic) -> std::optional<std::uint64_t> {
    const auto found = here.find(topic);
    return found == here.end() ? std::nullopt : std::optional(found->second);
  };
  CHECK(unread_events(broker, {"E_A"}, next_of) == 7U);
  CHECK(unread_events(broker, {"E_A*"}, next_of) == 7U);  // of E_A_B it has read on since
  CHECK(unread_events(broker, {"E_X"}, next_of) == 0U);
  CHECK_FALSE(unread_events(broker, {"*"}, next_of).has_value());
}

TEST_CASE("who asks for the place gets an answer in time, or none where nobody answers") {
  PlaceQuestion question;
  const auto at = [](std::chrono::milliseconds from_now) {
    return std::chrono::steady_clock::now() + from_now;
  };
  question.ask();
  CHECK_FALSE(question.wait_until(at(1h)));  // nobody answers
  question.begin_answering();
  CHECK_FALSE(question.wait_until(at(1ms)));
  CHECK(question.is_asked());
  question.ask();
  std::jthread runner([&question] {
    while (!question.is_asked()) std::this_thread::yield();
    question.answer({.read = {}, .unacknowledged = 5});
  });
  const std::optional<Progress> progress = question.wait_until(at(1min));
  REQUIRE(progress.has_value());
  CHECK(progress->unacknowledged == 5);
  CHECK_FALSE(question.is_asked());
  question.ask();
  runner = std::jthread([&question] { question.end_answering(); });
  CHECK_FALSE(question.wait_until(at(1min)));
}

}  // namespace zevi::bridges

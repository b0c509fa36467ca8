#include "history/history.hpp"

#include <map>
#include <set>

#include "catch.hpp"
#include "history_support.hpp"
#include "random_msgpack.hpp"
#include "seed.hpp"

using namespace std::chrono_literals;
using namespace zevi::broker;
using zevi::HistoryLimit;
using zevi::test::below;
using zevi::test::HistoryScene;

namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

HistoryLimit keep(std::string prefix, std::uint64_t bytes, std::uint64_t events = 0,
                  std::chrono::nanoseconds age = 0ns) {
  return {std::move(prefix), true, bytes, events, age};
}

HistoryLimit drop(std::string prefix) {
  HistoryLimit limit;
  limit.prefix = std::move(prefix);
  limit.kept = false;
  return limit;
}

}  // namespace

TEST_CASE("a number is found in the message that holds it") {
  HistoryScene scene({keep("", mebibyte)});
  scene.take("T", 3);
  scene.take("U", 1);
  scene.take("T", 4);
  CHECK(scene.found("T", 1) == 1);
  CHECK(scene.found("T", 3) == 1);
  CHECK(scene.found("T", 4) == 4);
  CHECK(scene.found("T", 7) == 4);
  CHECK(scene.found("T", 8) == 0);
  CHECK(scene.found("U", 1) == 1);
  CHECK(scene.found("V", 1) == 0);
}

TEST_CASE("the longest prefix decides whether and how long a topic is kept") {
  HistoryScene scene({keep("", mebibyte), drop("E_PROFILING_"), keep("E_PROFILING_PROC", mebibyte, 2)});
  scene.take("E_PROFILING_SYS", 1);
  scene.take("E_CORE_LOG", 1);
  for (int i = 0; i < 5; ++i) scene.take("E_PROFILING_PROC", 1);
  CHECK(scene.found("E_PROFILING_SYS", 1) == 0);
  CHECK(scene.found("E_CORE_LOG", 1) == 1);
  CHECK(scene.found("E_PROFILING_PROC", 1) == 4);
  CHECK(scene.counter(Counter::history_evicted) == 3);
  CHECK(scene.counter(Counter::history_events) == 3);
}

TEST_CASE("topics under one prefix share its budget, and the oldest message leaves whosever it is") {
  HistoryScene scene({keep("", 2 * mebibyte)});
  scene.take("A", 1, mebibyte / 2);
  scene.take("B", 1, mebibyte / 2);
  scene.take("A", 1, mebibyte / 2);
  scene.take("A", 1, mebibyte / 2);
  CHECK(scene.found("A", 1) == 2);
  CHECK(scene.found("B", 1) == 1);
  scene.take("A", 1, mebibyte / 2);
  CHECK(scene.found("A", 1) == 2);
  CHECK(scene.found("B", 1) == 0);
  CHECK(scene.counter(Counter::history_bytes) <= 2 * mebibyte);
}

TEST_CASE("as many events as were asked for are always held, and of one message more a part") {
  HistoryScene scene({keep("", mebibyte, 10)});
  for (int i = 0; i < 20; ++i) scene.take("T", 4);
  CHECK(scene.counter(Counter::history_events) == 12);
  scene.take("T", 100);
  CHECK(scene.counter(Counter::history_events) == 100);
}

TEST_CASE("new limits hold at once for what is held already, in the order in which it came") {
  HistoryScene scene({keep("", mebibyte)});
  for (const char* name : {"A1", "B1", "A2", "B2", "N"}) {
    scene.take(name, 1);
    scene.wait(1ms);
  }
  scene.history.set_limits({keep("A", mebibyte, 1), keep("B", mebibyte), drop("N")});
  CHECK(scene.found("A1", 1) == 0);
  CHECK(scene.found("A2", 1) == 1);
  CHECK(scene.found("B1", 1) == 1);
  CHECK(scene.found("N", 1) == 0);
  CHECK(scene.counter(Counter::history_evicted) == 2);
  CHECK(scene.counter(Counter::history_events) == 3);

  scene.topics.set_max_ages({{"B", 10ms}});
  scene.history.set_limits({keep("", mebibyte, 2)});
  CHECK(scene.found("B1", 1) == 0);
  CHECK(scene.found("A2", 1) == 1);
  CHECK(scene.found("B2", 1) == 1);
  scene.wait(100ms);
  CHECK(scene.found("B2", 1) == 0);
  CHECK(scene.counter(Counter::history_expired) == 1);
  scene.take("N", 1);
  CHECK(scene.found("N", 2) == 2);
}

TEST_CASE("what is given up for want of memory is the oldest of all prefixes, and no more than is needed") {
  HistoryScene scene({keep("A", mebibyte), keep("B", mebibyte)});
  for (const char* const topic : {"A", "B", "A"}) {
    scene.take(topic, 1, 10'000);
    scene.wait(1ms);
  }
  CHECK(scene.history.give_up(15'000));
  CHECK(scene.found("A", 1) == 2);
  CHECK(scene.found("B", 1) == 0);
  CHECK(scene.counter(Counter::history_evicted) == 2);
  CHECK(scene.history.give_up(mebibyte));
  CHECK(scene.counter(Counter::history_bytes) == 0);
  CHECK_FALSE(scene.history.give_up(1));
}

TEST_CASE("what is too old leaves although nothing arrives") {
  HistoryScene scene({keep("", mebibyte, 0, 10s)});
  scene.take("T", 1);
  scene.wait(6s);
  scene.take("T", 1);
  scene.wait(6s);
  CHECK(scene.found("T", 1) == 2);
  scene.wait(6s);
  CHECK(scene.found("T", 1) == 0);
  CHECK(scene.counter(Counter::history_evicted) == 2);
  CHECK(scene.counter(Counter::history_bytes) == 0);
}

TEST_CASE("no event is found once it has reached max-age, even behind a younger one") {
  HistoryScene scene({keep("", mebibyte)}, {{"T", 10s}});
  scene.take("U", 1);
  scene.take("T", 1);
  scene.take("T", 1, 0, 8s);  // it was 8 s old when it came
  scene.take("T", 1);
  CHECK(scene.found("T", 2) == 2);
  scene.wait(3s);
  CHECK(scene.found("T", 1) == 1);
  CHECK(scene.found("T", 2) == 3);
  scene.wait(8s);
  CHECK(scene.found("T", 1) == 0);
  CHECK(scene.counter(Counter::history_expired) == 3);
  CHECK(scene.found("U", 1) == 1);
}

TEST_CASE("a time finds the first message that was taken in at it or later") {
  HistoryScene scene({keep("", mebibyte)});
  scene.take("T", 2);
  scene.wait(1s);
  const std::uint64_t between = scene.now().realtime_ns;
  scene.wait(1s);
  scene.take("T", 2);
  CHECK(scene.found_since("T", 0) == 1);
  CHECK(scene.found_since("T", between) == 3);
  CHECK(scene.found_since("T", scene.now().realtime_ns) == 3);
  CHECK(scene.found_since("T", scene.now().realtime_ns + 1) == 0);
}

TEST_CASE("a small body is copied, since it may share a buffer, and a large one is not") {
  HistoryScene scene({keep("", mebibyte)});
  const void* const small = scene.take("T", 1, 100);
  const void* const large = scene.take("T", 1, 10'000);
  CHECK(scene.message("T", 1)->body.data() != small);
  CHECK(scene.message("T", 2)->body.data() == large);
}

namespace {

struct Kept {
  std::string topic;
  std::uint64_t q = 0;
  std::uint32_t n = 0;
  std::uint64_t at = 0;
  std::int64_t oldest_ns = 0;
  std::uint64_t bytes = 0;
};

/// The rules of one budget over a plain list in the order of arrival.
class Model {
 public:
  Model(HistoryLimit limit, std::map<std::string, std::chrono::nanoseconds> max_ages)
      : limit_(std::move(limit)), max_ages_(std::move(max_ages)) {}

  void take(Kept kept) {
    list_.push_back(std::move(kept));
    trim();
  }
  void set_limit(HistoryLimit limit) {
    limit_ = std::move(limit);
    trim();
  }
  void expire(std::uint64_t now_ns) {
    const auto age = static_cast<std::uint64_t>(limit_.age_max.count());
    std::erase_if(list_, [&](const Kept& kept) { return age > 0 && kept.at < now_ns - age; });
    std::set<std::string> blocked;
    std::erase_if(list_, [&](const Kept& kept) {
      if (!blocked.contains(kept.topic) && is_expired(kept, now_ns)) return true;
      blocked.insert(kept.topic);
      return false;
    });
  }
  [[nodiscard]] std::uint64_t find(const std::string& topic, std::uint64_t q, std::uint64_t now_ns) const {
    for (const Kept& kept : list_) {
      if (kept.topic == topic && kept.q + kept.n > q && !is_expired(kept, now_ns)) return kept.q;
    }
    return 0;
  }
  [[nodiscard]] std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    std::set<std::string> topics;
    for (const Kept& kept : list_) {
      sum += kept.bytes;
      topics.insert(kept.topic);
    }
    return sum + topics.size() * History::topic_cost_bytes;
  }
  [[nodiscard]] std::uint64_t events() const {
    std::uint64_t sum = 0;
    for (const Kept& kept : list_) sum += kept.n;
    return sum;
  }

 private:
  void trim() {
    while (!list_.empty() && (bytes() > limit_.bytes_max || has_many())) list_.erase(list_.begin());
  }
  [[nodiscard]] bool has_many() const {
    return limit_.events_max > 0 && events() - list_.front().n >= limit_.events_max;
  }
  [[nodiscard]] bool is_expired(const Kept& kept, std::uint64_t now_ns) const {
    const auto age = max_ages_.find(kept.topic);
    return age != max_ages_.end() && kept.oldest_ns < static_cast<std::int64_t>(now_ns) - age->second.count();
  }

  HistoryLimit limit_;
  std::map<std::string, std::chrono::nanoseconds> max_ages_;
  std::vector<Kept> list_;
};

}  // namespace

TEST_CASE("the history holds what a plain model of its rules holds") {
  INFO(zevi::test::seed_message());
  zevi::test::Random random(zevi::test::seed());
  std::vector<HistoryLimit> limits{keep("A", mebibyte, 200), keep("", mebibyte, 0, 20s), drop("N")};
  const std::map<std::string, std::chrono::nanoseconds> max_ages{{"AX", 5s}, {"B", 8s}};
  HistoryScene scene(limits, {{"AX", 5s}, {"B", 8s}});
  Model of_a(limits[0], max_ages);
  Model of_others(limits[1], max_ages);
  const std::vector<std::string> names{"A", "AX", "AY", "B", "C", "N"};
  std::map<std::string, std::uint64_t> next_q;

  for (int step = 0; step < 2000; ++step) {
    if (below(random, 4) == 0) {
      scene.wait(std::chrono::milliseconds(100 + below(random, 900)));
      of_a.expire(scene.now().realtime_ns);
      of_others.expire(scene.now().realtime_ns);
    }
    if (below(random, 100) == 0) {
      limits[0].events_max = 50 + below(random, 200);
      limits[1].bytes_max = mebibyte + below(random, mebibyte);
      scene.history.set_limits(limits);
      of_a.set_limit(limits[0]);
      of_others.set_limit(limits[1]);
    }
    const std::string& topic = names[below(random, names.size())];
    const auto n = static_cast<std::uint32_t>(1 + below(random, 20));
    const std::size_t padding = below(random, 3) == 0 ? below(random, 60'000) : below(random, 500);
    const std::chrono::nanoseconds age = std::chrono::milliseconds(below(random, 4000));
    std::uint64_t& q = next_q.emplace(topic, 1).first->second;
    scene.take(topic, n, padding, age);
    const std::uint64_t now_ns = scene.now().realtime_ns;
    Model& model = topic.starts_with('A') ? of_a : of_others;
    if (topic != "N") {
      model.take({topic, q, n, now_ns, static_cast<std::int64_t>(now_ns) - age.count(), scene.last_cost()});
    }
    q += n;
    const std::uint64_t asked_q = 1 + below(random, q);
    REQUIRE(scene.found(topic, asked_q) == (topic == "N" ? 0 : model.find(topic, asked_q, now_ns)));
    REQUIRE(scene.counter(Counter::history_bytes) == of_a.bytes() + of_others.bytes());
    REQUIRE(scene.counter(Counter::history_events) == of_a.events() + of_others.events());
  }
  CHECK(scene.counter(Counter::history_evicted) > 0);
  CHECK(scene.counter(Counter::history_expired) > 0);
}

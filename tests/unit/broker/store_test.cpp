#include "store/store.hpp"

#include <fstream>

#include "catch.hpp"
#include "history_support.hpp"
#include "ingress/publisher_registry.hpp"
#include "store/store_source.hpp"
#include "temporary_directory.hpp"

using namespace std::chrono_literals;
using namespace zevi::broker;
using zevi::test::event_body;

namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

zevi::BrokerOptions options_for(const std::string& directory) {
  zevi::BrokerOptions options;
  options.store = directory;
  options.history = {{}, {.prefix = "E_NONE", .kept = false}};
  options.store_bytes_max = 16 * mebibyte;
  return options;
}

/// A broker's memory and store, fed with messages as the sequencer would, on a clock that stands still.
class Broker {
 public:
  explicit Broker(const zevi::BrokerOptions& options)
      : topics(options.max_age),
        history({{"", true, mebibyte, 1, {}}}, counters),
        store(options, counters, [] {}),
        source(history, store) {
    store.begin(topics, publishers, now);
  }

  Publisher& publisher(std::uint64_t id) {
    if (Publisher* const known = publishers.by_id(id); known != nullptr) return *known;
    auto name = std::make_shared<PublisherName>();
    *name = {id, "src", 2, "host"};
    return publishers.add(std::move(name), now.steady);
  }

  /// The next `n` events of a publisher in a topic, as one batch.
  void take(std::uint64_t id, const std::string& topic_name, std::uint32_t n, std::size_t padding = 0) {
    Topic& topic = *topics.find_or_add(topic_name);
    Publisher& from = publisher(id);
    PublisherTopic& numbers = from.topics[&topic];
    const auto now_ns = static_cast<std::int64_t>(now.realtime_ns);
    zmq::message_t body = event_body(n, padding, now_ns, now_ns);
    SequencedMessage message(topic, body, false);
    message.header.b = store.epoch();
    message.header.q = topic.unsent_q;
    message.header.n = n;
    message.header.at = now.realtime_ns;
    message.header.r.push_back({id, "src", 2, numbers.next_p, n, "host", ""});
    numbers.next_p += n;
    topic.unsent_q += n;
    topic.next_q += n;
    ++from.last_s;
    history.take(message);
    store.take(message);
    store.hand_over(sequencer, {&from}, publishers, now);
  }

  /// What an answer would find, waiting for the disk.
  const StoredMessage* find(const std::string& topic, std::uint64_t q) {
    return wait([&] { return source.find(*topics.find_or_add(topic), q, now.realtime_ns); });
  }
  const StoredMessage* find_since(const std::string& topic, std::uint64_t at) {
    return wait([&] { return source.find_since(*topics.find_or_add(topic), at, now.realtime_ns); });
  }
  /// The numbers of all messages from `q` on.
  std::vector<std::uint64_t> all_from(const std::string& topic, std::uint64_t q) {
    std::vector<std::uint64_t> numbers;
    for (const StoredMessage* found = find(topic, q); found != nullptr; found = find(topic, q)) {
      numbers.push_back(found->q);
      q = found->end_q();
    }
    return numbers;
  }
  void wait_for(std::chrono::nanoseconds time) {
    now.steady += time;
    now.realtime_ns += static_cast<std::uint64_t>(time.count());
  }
  void close() { store.close(topics, publishers); }

  Counters counters;
  Now now{SteadyTime{} + 1h, 1'000'000'000'000'000'000};
  TopicRegistry topics;
  PublisherRegistry publishers;
  History history;
  Sequencer sequencer{1, 0us, counters};
  Store store;
  StoreSource source;

 private:
  template <typename Find>
  const StoredMessage* wait(Find find) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (std::chrono::steady_clock::now() < end) {
      const Found found = find();
      if (!found.is_coming()) return found.message();
      while (!source.take_fetched(now.realtime_ns)) std::this_thread::sleep_for(50us);
    }
    FAIL("the disk gave nothing");
    return nullptr;
  }
};

std::string refusal(const std::string& directory) {
  try {
    Broker broker(options_for(directory));
  } catch (const zevi::Error& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a store that was closed goes on in its epoch with the numbers of topics and publishers") {
  const TemporaryDirectory directory;
  const zevi::BrokerOptions options = options_for(directory.path() + "/store");
  std::uint64_t epoch = 0;
  {
    Broker first(options);
    epoch = first.store.epoch();
    first.take(5, "T", 3);
    first.take(5, "U", 2);
    first.take(5, "E_NONE_KEPT", 4);
    first.topics.find_or_add("T")->lost_before = 9;
    first.publisher(5).topics.at(first.topics.find_or_add("T")).dropped = 1;
    first.close();
  }
  Broker second(options);
  CHECK(second.store.epoch() == epoch);
  CHECK(second.topics.size() == 3);
  CHECK(second.topics.find_or_add("T")->next_q == 4);
  CHECK(second.topics.find_or_add("T")->lost_before == 9);
  CHECK(second.topics.find_or_add("E_NONE_KEPT")->unsent_q == 5);
  const Publisher* const publisher = second.publishers.by_id(5);
  REQUIRE(publisher != nullptr);
  CHECK(publisher->last_s == 3);
  CHECK_FALSE(publisher->live);
  CHECK_FALSE(publisher->numbered_elsewhere);
  CHECK(publisher->topics.at(second.topics.find_or_add("T")).next_p == 4);
  CHECK(publisher->topics.at(second.topics.find_or_add("T")).dropped == 1);
  CHECK(publisher->topics.at(second.topics.find_or_add("E_NONE_KEPT")).next_p == 5);
  CHECK(second.all_from("T", 1) == std::vector<std::uint64_t>{1});
  CHECK(second.find("E_NONE_KEPT", 1) == nullptr);
  second.take(5, "T", 1);
  CHECK(second.all_from("T", 1) == std::vector<std::uint64_t>{1, 4});
  CHECK(second.counters.get(Counter::store_events) == 6);
}

TEST_CASE("a store that was not closed goes on in a new epoch and remembers where the one before ended") {
  const TemporaryDirectory directory;
  const zevi::BrokerOptions options = options_for(directory.path() + "/store");
  std::vector<std::uint64_t> epochs;
  for (int i = 0; i < 3; ++i) {
    Broker broker(options);
    epochs.push_back(broker.store.epoch());
    if (i > 0) CHECK(broker.publisher(5).may_have_lost);
    broker.take(5, "T", 10);
    if (i == 1) broker.take(5, "U", 1);
  }
  Broker last(options);
  CHECK(last.topics.find_or_add("T")->next_q == 31);
  CHECK(std::find(epochs.begin(), epochs.end(), last.store.epoch()) == epochs.end());
  const auto last_q = [&](int epoch, const char* topic) {
    const auto* const ended = last.source.ended(epochs[static_cast<std::size_t>(epoch)]);
    REQUIRE(ended != nullptr);
    return ended->last_q(*last.topics.find_or_add(topic));
  };
  CHECK(last_q(0, "T") == 10);
  CHECK(last_q(0, "U") == 0);
  CHECK(last_q(1, "T") == 20);
  CHECK(last_q(2, "U") == 1);
  CHECK(last.source.ended(last.store.epoch()) == nullptr);
  CHECK(last.all_from("T", 1) == std::vector<std::uint64_t>{1, 11, 21});
}

TEST_CASE("numbers and times are found on the disk, over many blocks and segments") {
  const TemporaryDirectory directory;
  Broker broker(options_for(directory.path() + "/store"));
  std::vector<std::uint64_t> expected;
  const std::uint64_t start = broker.now.realtime_ns;
  for (std::uint64_t i = 0; i < 300; ++i) {
    broker.wait_for(1ms);
    broker.take(5, "T", 10, 20'000);
    expected.push_back(1 + 10 * i);
  }
  CHECK(broker.all_from("T", 1) == expected);
  CHECK(broker.find("T", 1505)->q == 1501);
  CHECK(broker.find("T", 3001) == nullptr);
  CHECK(broker.find_since("T", start)->q == 1);
  CHECK(broker.find_since("T", start + 150'500'000)->q == 1501);
  CHECK(broker.find_since("T", broker.now.realtime_ns)->q == 2991);
  CHECK(broker.find_since("T", broker.now.realtime_ns + 1) == nullptr);
}

TEST_CASE("bytes, count and age limit what is on the disk, to the 32nd part") {
  const TemporaryDirectory directory;
  zevi::BrokerOptions options = options_for(directory.path() + "/store");
  SECTION("bytes") {
    Broker broker(options);
    for (int i = 0; i < 1000; ++i) broker.take(5, "T", 1, 50'000);
    const std::uint64_t oldest = broker.find("T", 1)->q;
    CHECK(oldest > 1000 - 16 * mebibyte / 50'000);
    CHECK(oldest < 1000 - 15 * mebibyte / 50'100);
    CHECK(broker.counters.get(Counter::store_evicted) == oldest - 1);
    CHECK(broker.counters.get(Counter::store_bytes) <= 16 * mebibyte);
  }
  SECTION("count") {
    options.history = {{"", true, mebibyte, 320, {}}};
    Broker broker(options);
    for (int i = 0; i < 1000; ++i) broker.take(5, "T", 1);
    const std::uint64_t oldest = broker.find("T", 1)->q;
    CHECK(oldest <= 681);
    CHECK(oldest >= 671);
  }
  SECTION("age") {
    options.history = {{"", true, mebibyte, 0, 32s}};
    Broker broker(options);
    for (int i = 0; i < 100; ++i) {
      broker.take(5, "T", 1);
      broker.wait_for(1s);
    }
    CHECK(broker.find("T", 1)->q == 69);
    CHECK(broker.counters.get(Counter::store_events) <= 33);
    broker.wait_for(1h);
    broker.take(5, "U", 1);
    CHECK(broker.counters.get(Counter::store_events) == 1);
  }
  SECTION("max-age") {
    options.max_age = {{"T", 10s}};
    Broker broker(options);
    for (int i = 0; i < 20; ++i) {
      broker.take(5, "T", 1);
      broker.wait_for(1s);
    }
    CHECK(broker.find("T", 1)->q == 11);
  }
  SECTION("what the options keep no longer is not served any more") {
    {
      Broker broker(options);
      broker.take(5, "T", 1);
      broker.take(5, "U", 1);
      broker.close();
    }
    options.history = {{"", true, mebibyte, 0, {}}, {.prefix = "T", .kept = false}};
    Broker broker(options);
    CHECK(broker.find("T", 1) == nullptr);
    CHECK(broker.find("U", 1)->q == 1);
  }
}

TEST_CASE("a publisher that is forgotten is forgotten in the store too") {
  const TemporaryDirectory directory;
  const zevi::BrokerOptions options = options_for(directory.path() + "/store");
  {
    Broker broker(options);
    broker.take(5, "T", 1);
    broker.take(6, "T", 1);
    broker.store.forget(5);
    broker.take(6, "T", 1);
  }
  Broker broker(options);
  CHECK(broker.publishers.by_id(5) == nullptr);
  REQUIRE(broker.publishers.by_id(6) != nullptr);
  CHECK(broker.publishers.by_id(6)->last_s == 2);
}

TEST_CASE("a directory that is no store of this version is refused and left alone") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/store";
  SECTION("in use") {
    Broker broker(options_for(path));
    CHECK(contains(refusal(path), "another program uses it"));
  }
  SECTION("something else") {
    std::ofstream(directory.path() + "/letter") << "dear";
    CHECK(contains(refusal(directory.path()), "holds no Zevi store"));
  }
  SECTION("newer") {
    { Broker broker(options_for(path)); }
    std::ofstream(path + "/FORMAT") << "zevi-store 2\n";
    CHECK(contains(refusal(path), "says version 2"));
    std::ofstream(path + "/FORMAT") << "zevi-store 1\n";
    CHECK(refusal(path).empty());
  }
  SECTION("a damaged mark") {
    { Broker broker(options_for(path)); }
    std::ofstream(path + "/FORMAT") << "zevi-stork 1\n";
    CHECK(contains(refusal(path), "--repair-store"));
  }
}

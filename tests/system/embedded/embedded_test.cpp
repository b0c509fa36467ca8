#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "catch.hpp"
#include "notification.hpp"
#include "zevi/broker.hpp"
#include "zevi/publisher.hpp"
#include "zevi/subscriber.hpp"

using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 30s;

zevi::BrokerOptions inproc_endpoints() {
  zevi::BrokerOptions options;
  options.ingress = "inproc://ingress";
  options.stream = "inproc://stream";
  options.events = "inproc://events";
  options.replay = "inproc://replay";
  options.notices = false;  // events of the tests alone
  return options;
}

/// A process that is worker, broker and subscriber in one.
struct Process {
  zmq::context_t context;
  zevi::Broker broker{inproc_endpoints(), context};
  Process() { broker.start(); }

  zevi::Subscriber subscribe(zevi::Feed feed, std::vector<std::string> topics) {
    zevi::SubscriberOptions options;
    options.topics = std::move(topics);
    options.feed = feed;
    options.endpoint = feed == zevi::Feed::stream ? broker.stream() : broker.events();
    options.context = &context;
    zevi::Subscriber subscriber(options);
    REQUIRE(subscriber.wait_ready(deadline) == 0U);
    return subscriber;
  }

  zevi::Publisher publish(const char* name) {
    zevi::PublisherOptions options;
    options.endpoint = broker.ingress().c_str();
    options.name = name;
    options.zmq_context = context.handle();
    options.full_policy = ZEVI_WAIT;
    options.wait_max_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(deadline).count());
    return zevi::Publisher(options);
  }
};

/// Reads the next event and fails at any mark, since nothing may be missing here.
const zevi::Event& next_event(zevi::Subscriber& subscriber) {
  const zevi::Message* const message = subscriber.next(deadline);
  REQUIRE(message != nullptr);
  if (message->event() == nullptr) FAIL(zevi::describe(*message));
  return *message->event();
}

struct Recorded {
  std::string topic;
  std::string params;
};

/// The events of a real OpenSIPS, as the datagram recording holds them.
std::vector<Recorded> recorded_events() {
  std::ifstream file(ZEVI_CAPTURE);
  std::vector<Recorded> events;
  zevi::ingest::NotificationReader reader;
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line);
    if (!json.contains("raw")) continue;
    REQUIRE(reader.read(json["raw"].get<std::string>()) == zevi::ingest::Refusal::none);
    events.push_back({std::string(reader.topic()), std::string(reader.params())});
  }
  return events;
}

}  // namespace

TEST_CASE(
    "an embedded broker passes the events of a recording on, unchanged and in order, on both endpoints") {
  const std::vector<Recorded> recorded = recorded_events();
  REQUIRE(recorded.size() > 9000);
  Process process;
  const auto read_all = [&](zevi::Feed feed, std::map<std::string, std::vector<std::string>>& by_topic) {
    zevi::Subscriber subscriber = process.subscribe(feed, {"*"});
    return std::thread([&, subscriber = std::move(subscriber)]() mutable {
      for (std::size_t i = 0; i < recorded.size(); ++i) {
        const zevi::Message* const message = subscriber.next(deadline);
        if (message == nullptr || message->event() == nullptr) return;
        by_topic[std::string(message->event()->topic)].emplace_back(message->event()->params_raw);
      }
    });
  };
  std::map<std::string, std::vector<std::string>> expected;
  std::map<std::string, std::vector<std::string>> from_stream;
  std::map<std::string, std::vector<std::string>> from_events;
  std::thread stream_reader = read_all(zevi::Feed::stream, from_stream);
  std::thread events_reader = read_all(zevi::Feed::events, from_events);

  zevi::Publisher publisher = process.publish("embedded");
  for (const Recorded& event : recorded) {
    CHECK(publisher.topic(event.topic).publish_encoded(event.params) == zevi::Status::ok);
    expected[event.topic].push_back(event.params);
  }
  CHECK(publisher.flush(deadline) == zevi::Status::ok);
  stream_reader.join();
  events_reader.join();
  CHECK(from_stream == expected);
  CHECK(from_events == expected);
}

TEST_CASE(
    "publishers in many threads of one process lose and repeat nothing on the way to an embedded broker") {
  constexpr int threads = 4;
  constexpr std::uint64_t events_each = 20'000;
  Process process;
  zevi::Subscriber subscriber = process.subscribe(zevi::Feed::stream, {"E_THREADS"});
  zevi::Publisher publisher = process.publish("threads");
  const zevi::Topic topic = publisher.topic("E_THREADS");
  std::vector<std::thread> workers;
  for (int thread = 0; thread < threads; ++thread) {
    workers.emplace_back([=] {
      for (std::uint64_t i = 0; i < events_each; ++i)
        topic.event().put("thread", thread).put("i", i).commit();
    });
  }
  std::vector<std::uint64_t> next(threads, 0);
  for (std::uint64_t q = 1; q <= threads * events_each; ++q) {
    const zevi::Event& event = next_event(subscriber);
    if (event.q != q) FAIL("q " << event.q << " instead of " << q);
    std::uint64_t& expected = next.at(static_cast<std::size_t>(event["thread"].as_int().value()));
    if (event["i"].as_int().value() != static_cast<std::int64_t>(expected++))
      FAIL("a thread's events out of order");
  }
  for (std::thread& worker : workers) worker.join();
  CHECK(publisher.flush(deadline) == zevi::Status::ok);
  const zevi::Statistics statistics = publisher.statistics();
  CHECK(statistics.published == threads * events_each);
  CHECK(statistics.acknowledged == threads * events_each);
  CHECK(statistics.dropped == 0);
}

TEST_CASE("a place says of each topic at which number it stands") {
  Process process;
  zevi::Publisher publisher = process.publish("places");
  const zevi::Topic topic = publisher.topic("E_PLACE");
  const auto publish = [&](int count) {
    for (int i = 0; i < count; ++i) CHECK(topic.event().put("i", i).commit() == zevi::Status::ok);
    CHECK(publisher.flush(deadline) == zevi::Status::ok);
  };
  zevi::Subscriber without_history = process.subscribe(zevi::Feed::stream, {"E_PLACE"});
  publish(3);
  zevi::SubscriberOptions options;
  options.topics = {"E_*"};
  options.endpoint = process.broker.stream();
  options.replay_endpoint = process.broker.replay();
  options.context = &process.context;
  zevi::Subscriber subscriber(options);
  CHECK(subscriber.place().epoch() == 0);
  CHECK_FALSE(subscriber.place().next("E_PLACE"));
  REQUIRE(subscriber.wait_ready(deadline) == 0U);
  const zevi::Subscriber::Place begin = subscriber.place();
  CHECK(begin.epoch() != 0);
  CHECK(begin.next("E_PLACE") == 4U);
  CHECK(begin.next("E_OTHER") == 1U);
  publish(2);
  CHECK(next_event(subscriber).q == 4);
  CHECK(subscriber.place().next("E_PLACE") == 5U);
  CHECK(begin.next("E_PLACE") == 4U);
  CHECK(next_event(without_history).q == 1);
  CHECK_FALSE(without_history.place().next("E_PLACE"));
}

TEST_CASE("an embedded broker stops and starts again in the same process, and its publishers go on") {
  Process process;
  zevi::Publisher publisher = process.publish("again");
  const zevi::Topic topic = publisher.topic("E_AGAIN");
  for (int round = 0; round < 3; ++round) {
    zevi::Subscriber subscriber = process.subscribe(zevi::Feed::stream, {"E_AGAIN"});
    CHECK(topic.event().put("round", round).commit() == zevi::Status::ok);
    CHECK(next_event(subscriber)["round"].as_int() == round);
    CHECK(publisher.flush(deadline) == zevi::Status::ok);
    process.broker.stop();
    process.broker.start();
  }
}

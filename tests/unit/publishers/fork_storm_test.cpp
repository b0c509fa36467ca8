#include <atomic>
#include <map>
#include <thread>
#include <vector>
#include <zmq_addon.hpp>

#include "catch.hpp"
#include "children.hpp"
#include "open_publisher.hpp"
#include "zevi/broker.hpp"
#include "zevi/wire/subscriber_messages.hpp"

using namespace zevi;
using namespace std::chrono_literals;
using test::child_requires;

namespace {

constexpr int forks = 1000;
constexpr int children_at_once = 4;
constexpr auto deadline = 100s;

/// Reads a topic from the broker's stream, and keeps how many events each publisher had.
class Reader {
 public:
  /// Subscribes, and waits until the broker says that it knows.
  Reader(const std::string& endpoint, const std::string& topic) {
    socket_.set(zmq::sockopt::rcvhwm, 0);
    socket_.set(zmq::sockopt::linger, 0);
    socket_.connect(endpoint);
    socket_.set(zmq::sockopt::subscribe, topic);
    socket_.set(zmq::sockopt::subscribe, "~ready.fork");
    std::vector<zmq::message_t> frames;
    REQUIRE(zmq::recv_multipart(socket_, std::back_inserter(frames)));
    REQUIRE(frames.front().to_string() == "~ready.fork");
    socket_.set(zmq::sockopt::rcvtimeo, 10);
  }

  void run(const std::atomic<bool>& stop) {
    for (std::vector<zmq::message_t> frames; !stop; frames.clear()) {
      if (!zmq::recv_multipart(socket_, std::back_inserter(frames))) continue;
      wire::StreamHeader header;
      if (wire::decode(frames.at(1).to_string_view(), header) != wire::DecodeError::none ||
          header.q != next_q_ || header.l != 0) {
        ++faults;
        continue;
      }
      next_q_ += header.n;
      // Every publisher numbers its events without gaps and without repetition.
      for (const wire::Run& run : header.r) {
        std::uint64_t& events = events_of[run.id];
        faults += run.p != events + 1;
        events += run.count;
      }
      received += header.n;
    }
  }

  std::map<std::uint64_t, std::uint64_t> events_of;
  std::uint64_t faults = 0;
  std::atomic<std::uint64_t> received{0};

 private:
  zmq::context_t context_;
  zmq::socket_t socket_{context_, zmq::socket_type::sub};
  std::uint64_t next_q_ = 1;
};

/// Forks children, some of them at once, each of which publishes an event and waits until it is acknowledged.
/// Gives how many failed.
int fork_children(const Publisher& publisher, const Topic& topic) {
  std::vector<pid_t> running;
  int failed = 0;
  for (int i = 0; i < forks; ++i) {
    if (running.size() == children_at_once) {
      failed += !test::succeeded(running.front());
      running.erase(running.begin());
    }
    running.push_back(test::fork_child([&] {
      child_requires(topic.event().put("child", i).commit() == Status::ok, "the child publishes");
      child_requires(publisher.flush(deadline) == Status::ok, "its event is acknowledged");
      child_requires(publisher.statistics().published == 1, "it is the only one that the child counts");
    }));
  }
  for (const pid_t child : running) failed += !test::succeeded(child);
  return failed;
}

}  // namespace

TEST_CASE("a thousand children that are forked while other threads publish lose and double nothing") {
  TemporaryDirectory directory;
  BrokerOptions broker_options;
  broker_options.runtime_dir = directory.path() + "/run";
  Broker broker(broker_options);
  broker.start();
  Reader reader(broker.stream(), "E_FORK");
  std::atomic<bool> stop{false};
  std::atomic<bool> stop_reading{false};
  std::thread reading([&] { reader.run(stop_reading); });

  PublisherOptions options;
  options.runtime_dir = broker_options.runtime_dir.c_str();
  options.full_policy = ZEVI_WAIT;
  options.wait_max_ns = 100'000'000'000;
  Publisher publisher(options);
  const Topic topic = publisher.topic("E_FORK");
  const auto wait_until = [end = std::chrono::steady_clock::now() + 500s](auto holds) {
    while (!holds() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
  };

  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&, topic] {
      for (std::uint64_t n = 0; !stop; ++n) {
        static_cast<void>(topic.event().put("n", n).commit());
        std::this_thread::sleep_for(100us);
      }
    });
  }
  // Locks that a fork must wait for: topics, threads that come and go, publishers that are opened and closed.
  threads.emplace_back([&] {
    for (int i = 0; !stop; ++i) {
      static_cast<void>(publisher.topic("E_OTHER_" + std::to_string(i % 1000)));
      std::thread([&] { static_cast<void>(topic.event().put("short", 1).commit()); }).join();
      Publisher other(options);
    }
  });
  const int failed = fork_children(publisher, topic);
  stop = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  CHECK(publisher.flush(deadline) == Status::ok);
  const Statistics statistics = publisher.statistics();
  CHECK(statistics.dropped == 0);
  CHECK(statistics.forked == 0);
  CHECK(statistics.acknowledged == statistics.published);
  wait_until([&] { return reader.received >= statistics.published + forks; });
  stop_reading = true;
  reading.join();
  CHECK(reader.received == statistics.published + forks);
  CHECK(reader.faults == 0);
  CHECK(reader.events_of.size() == 1 + forks);
}

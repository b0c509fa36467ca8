#include "egress/queue_limit.hpp"

#include <numeric>
#include <vector>
#include <zmq.hpp>

#include "catch.hpp"
#include "egress/fanout_socket.hpp"
#include "temporary_directory.hpp"

using namespace zevi::broker;

namespace {

constexpr std::size_t mib = std::size_t{1024} * 1024;
constexpr std::uint64_t second_ns = 1'000'000'000;

}  // namespace

TEST_CASE("the smaller messages are, the more may wait") {
  QueueLimit limit(64 * mib);
  CHECK(limit.limit_for(1000, 5 * second_ns) == 4096);
  CHECK(limit.limit_for(4097, 5 * second_ns) == 512);
  CHECK(limit.limit_for(100'000, 5 * second_ns) == 128);
  CHECK(limit.limit_for(256 * 1024, 5 * second_ns) == 64);
}

TEST_CASE("the mark falls at once and rises when there was no large message for a second") {
  QueueLimit limit(64 * mib);
  CHECK(limit.limit_for(200'000, 5 * second_ns) == 64);
  CHECK(limit.limit_for(10, 6 * second_ns) == 64);
  CHECK(limit.limit_for(200'000, 6 * second_ns) == 64);
  CHECK(limit.limit_for(10, 7 * second_ns) == 64);
  CHECK(limit.limit_for(10, 7 * second_ns + 1) == 4096);
  CHECK(limit.limit_for(200'000, 7 * second_ns + 2) == 64);
}

TEST_CASE("a queue that fills in the worst order stays within the budget") {
  QueueLimit limit(16 * mib);
  std::size_t messages = 0;
  std::size_t bytes = 0;
  std::uint64_t now = second_ns;
  for (const std::size_t size : {256 * 1024, 128 * 1024, 32 * 1024, 4 * 1024}) {
    now += 2 * second_ns;
    while (messages < static_cast<std::size_t>(limit.limit_for(size, now))) {
      ++messages;
      bytes += size;
    }
  }
  CHECK(bytes <= 16 * mib);
  CHECK(messages == 1024);
}

TEST_CASE("a mark that changes holds for subscribers that are there already") {
  TemporaryDirectory directory;
  zmq::context_t context;
  FanoutSocket fanout(context, "ipc://" + directory.path() + "/stream", 10);
  zmq::socket_t subscriber(context, zmq::socket_type::sub);
  subscriber.set(zmq::sockopt::rcvhwm, 1);
  subscriber.set(zmq::sockopt::rcvtimeo, 1000);
  subscriber.set(zmq::sockopt::linger, 0);
  subscriber.connect(fanout.endpoint());
  subscriber.set(zmq::sockopt::subscribe, "T");
  FanoutSocket::Change change;
  while (!fanout.next_change(change)) {
    zmq::pollitem_t item{fanout.socket().handle(), 0, ZMQ_POLLIN, 0};
    zmq::poll(&item, 1, std::chrono::seconds(10));
  }
  const auto received = [&](int queue_max) {
    fanout.set_queue_max(queue_max);
    const std::string body(std::size_t{64} * 1024, 'x');
    // More than the kernel's buffers and both queues can hold.
    for (int i = 0; i < 1000; ++i) fanout.send("T", zmq::message_t(), zmq::message_t(body));
    int count = 0;
    for (zmq::message_t frame; subscriber.recv(frame);) {
      while (frame.more()) static_cast<void>(subscriber.recv(frame));
      ++count;
    }
    return count;
  };
  const int few = received(10);
  const int many = received(500);
  CHECK(few >= 10);
  CHECK(few < 200);
  CHECK(many >= 500);
  CHECK(many < 1000);
  CHECK(received(10) < 200);
}

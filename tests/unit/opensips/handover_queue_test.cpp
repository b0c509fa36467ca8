#include "handover_queue.hpp"

#include <poll.h>

#include <random>
#include <string>
#include <thread>

#include "catch.hpp"

using zevi::ingest::Delivery;
using zevi::ingest::HandoverQueue;

namespace {

Delivery delivery(std::int64_t number, std::string_view bytes) {
  Delivery made;
  made.time_ns = number;
  made.bytes = bytes;
  return made;
}

}  // namespace

TEST_CASE("deliveries come out as they went in") {
  HandoverQueue queue(4096);
  Delivery taken;
  CHECK_FALSE(queue.front(taken));
  CHECK(queue.push(delivery(1, "one")));
  CHECK(queue.push(delivery(2, "")));
  REQUIRE(queue.front(taken));
  CHECK(taken.time_ns == 1);
  CHECK(taken.bytes == "one");
  queue.pop();
  REQUIRE(queue.front(taken));
  CHECK(taken.time_ns == 2);
  CHECK(taken.bytes.empty());
  queue.pop();
  CHECK_FALSE(queue.front(taken));
}

TEST_CASE("a full queue takes nothing until something is taken out") {
  HandoverQueue queue(1024);
  const std::string bytes(100, 'x');
  int pushed = 0;
  while (queue.push(delivery(pushed, bytes))) ++pushed;
  CHECK(pushed == 5);
  CHECK_FALSE(queue.has_room(bytes.size()));
  Delivery taken;
  REQUIRE(queue.front(taken));
  queue.pop();
  CHECK_FALSE(queue.has_room(1024));
  CHECK(queue.has_room(0));
}

TEST_CASE("what has_room allows can be pushed, wherever the ring's end lies") {
  HandoverQueue queue(4096);
  std::mt19937 random(7);
  const std::string bytes(4096, 'x');
  std::int64_t in = 0;
  std::int64_t out = 0;
  Delivery taken;
  for (int i = 0; i < 20000; ++i) {
    const std::size_t size = random() % 1500;
    const bool room = queue.has_room(size);
    CHECK(queue.push(delivery(in, std::string_view(bytes).substr(0, size))) == room);
    if (room) ++in;
    while (random() % 2 == 0 && queue.front(taken)) {
      CHECK(taken.time_ns == out++);
      queue.pop();
    }
  }
  while (queue.front(taken)) {
    CHECK(taken.time_ns == out++);
    queue.pop();
  }
  CHECK(in == out);
}

TEST_CASE("a sleeping receiver is woken and nothing is left behind") {
  HandoverQueue queue(1 << 16);
  constexpr std::int64_t count = 200000;
  std::thread sender([&] {
    const std::string bytes(300, 'y');
    for (std::int64_t i = 0; i < count; ++i) {
      const auto piece = std::string_view(bytes).substr(0, static_cast<std::size_t>(i % 300));
      while (!queue.push(delivery(i, piece))) std::this_thread::yield();
      queue.wake();
    }
  });
  std::int64_t expected = 0;
  bool good = true;
  while (expected < count) {
    Delivery taken;
    while (queue.front(taken)) {
      good =
          good && taken.time_ns == expected && taken.bytes.size() == static_cast<std::size_t>(expected % 300);
      ++expected;
      queue.pop();
    }
    if (expected == count || !queue.prepare_to_sleep()) continue;
    pollfd watched{queue.fd(), POLLIN, 0};
    REQUIRE(poll(&watched, 1, 30000) == 1);
    queue.woke();
  }
  sender.join();
  CHECK(good);
}

#include "ingress/ack_schedule.hpp"

#include "catch.hpp"

using namespace zevi::broker;
using namespace std::chrono_literals;

namespace {

Now at(std::chrono::microseconds time) {
  return {SteadyTime{} + 1h + time, 1};
}

/// How many acknowledgements are sent at that time.
int sent(AckSchedule& acks, std::chrono::microseconds time) {
  int count = 0;
  acks.send_due(at(time), [&](const Publisher&) { ++count; });
  return count;
}

}  // namespace

TEST_CASE("what comes after a quiet time is acknowledged at once, what follows within 50 ms all together") {
  AckSchedule acks;
  Publisher publisher;
  acks.owe(publisher, 100);
  CHECK(sent(acks, 0us) == 1);
  for (auto time = 1ms; time < 50ms; time += 1ms) {
    acks.owe(publisher, 100);
    CHECK(sent(acks, time) == 0);
  }
  CHECK(acks.deadline() == at(50ms).steady);
  CHECK(sent(acks, 50ms) == 1);
  CHECK(acks.deadline() == SteadyTime::max());
  CHECK(sent(acks, 150ms) == 0);
}

TEST_CASE("a megabyte is acknowledged at once") {
  AckSchedule acks;
  Publisher publisher;
  acks.owe(publisher, 1);
  CHECK(sent(acks, 0us) == 1);
  for (std::size_t i = 0; i < 3; ++i) acks.owe(publisher, AckSchedule::bytes_max / 4);
  CHECK(sent(acks, 1ms) == 0);
  acks.owe(publisher, AckSchedule::bytes_max / 4);
  CHECK(sent(acks, 1ms) == 1);
}

TEST_CASE("who asks for an acknowledgement, or is gone, gets it at once") {
  AckSchedule acks;
  Publisher publisher;
  acks.owe(publisher, 1);
  CHECK(sent(acks, 0us) == 1);
  acks.owe_at_once(publisher);
  CHECK(sent(acks, 1ms) == 1);
  acks.owe(publisher, 1);
  publisher.live = false;
  CHECK(sent(acks, 2ms) == 1);
  CHECK(sent(acks, 100ms) == 0);
}

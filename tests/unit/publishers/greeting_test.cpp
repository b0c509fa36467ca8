#include "shim/greeting.hpp"

#include "catch.hpp"

using zevi::shim::Greeting;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  Greeting greeting;
  Greeting::Clock::time_point now{100s};

  /// Connected, hello said, welcomed.
  void become_welcome() {
    greeting.connected(now);
    greeting.hello_sent(now);
    REQUIRE(greeting.welcomed());
  }
};

constexpr Greeting::Clock::time_point never = Greeting::Clock::time_point::max();

}  // namespace

TEST_CASE_METHOD(Fixture, "without a connection nothing is due and nothing may be sent") {
  CHECK_FALSE(greeting.is_hello_due(now));
  CHECK_FALSE(greeting.may_send_events());
  CHECK(greeting.due() == never);
}

TEST_CASE_METHOD(Fixture, "a connection begins with a hello, and events follow the welcome alone") {
  greeting.connected(now);
  CHECK(greeting.is_hello_due(now));
  CHECK(greeting.due() == now);
  CHECK_FALSE(greeting.may_send_events());
  greeting.hello_sent(now);
  CHECK_FALSE(greeting.is_hello_due(now));
  CHECK_FALSE(greeting.may_send_events());
  CHECK(greeting.welcomed());
  CHECK(greeting.may_send_events());
  CHECK(greeting.due() == never);
}

TEST_CASE_METHOD(Fixture, "a welcome that answers no hello is none") {
  CHECK_FALSE(greeting.welcomed());
  greeting.connected(now);
  CHECK_FALSE(greeting.welcomed());
  CHECK_FALSE(greeting.may_send_events());
  greeting.hello_sent(now);
  CHECK(greeting.welcomed());
  CHECK_FALSE(greeting.welcomed());
  CHECK(greeting.may_send_events());
}

TEST_CASE_METHOD(Fixture,
                 "a hello that is not answered is said again, each time later, up to a longest pause") {
  greeting.connected(now);
  greeting.hello_sent(now);
  Greeting::Clock::duration pause = Greeting::first_patience;
  for (int i = 0; i < 10; ++i) {
    CHECK(greeting.due() == now + pause);
    CHECK_FALSE(greeting.is_hello_due(now + pause - 1ns));
    now += pause;
    REQUIRE(greeting.is_hello_due(now));
    greeting.hello_sent(now);
    pause = std::min<Greeting::Clock::duration>(2 * pause, Greeting::longest_patience);
  }
  CHECK(pause == Greeting::longest_patience);
}

TEST_CASE_METHOD(Fixture, "a new connection begins with a hello at once, however patient the last one was") {
  greeting.connected(now);
  for (int i = 0; i < 5; ++i) greeting.hello_sent(now);
  greeting.disconnected();
  CHECK_FALSE(greeting.is_hello_due(now + 1h));
  greeting.connected(now);
  CHECK(greeting.is_hello_due(now));
  greeting.hello_sent(now);
  CHECK(greeting.due() == now + Greeting::first_patience);
}

TEST_CASE_METHOD(Fixture, "a broker that asks who we are is told, but not more often than it makes sense") {
  become_welcome();
  greeting.start_over(now);
  CHECK_FALSE(greeting.may_send_events());
  CHECK_FALSE(greeting.is_hello_due(now));
  CHECK(greeting.due() == now + Greeting::hello_again_after);
  now += 1h;
  become_welcome();
  now += 1h;
  greeting.start_over(now);
  CHECK(greeting.is_hello_due(now));
  CHECK_FALSE(greeting.welcomed());
}

TEST_CASE_METHOD(Fixture, "what a broker asked before it welcomed us needs no further hello") {
  greeting.connected(now);
  greeting.hello_sent(now);
  greeting.start_over(now);
  CHECK_FALSE(greeting.is_hello_due(now));
  CHECK(greeting.welcomed());
}

TEST_CASE_METHOD(Fixture, "a hello that the broker refused is said again after a long pause") {
  greeting.connected(now);
  greeting.hello_sent(now);
  greeting.refused(now);
  CHECK_FALSE(greeting.welcomed());
  CHECK_FALSE(greeting.may_send_events());
  CHECK_FALSE(greeting.is_hello_due(now + Greeting::refused_again_after - 1ns));
  CHECK(greeting.is_hello_due(now + Greeting::refused_again_after));
  // A lost connection takes precedence over what is said on it.
  greeting.disconnected();
  greeting.refused(now);
  CHECK(greeting.due() == never);
}

TEST_CASE_METHOD(Fixture, "a lost connection ends a welcome") {
  become_welcome();
  greeting.disconnected();
  CHECK_FALSE(greeting.may_send_events());
  CHECK_FALSE(greeting.welcomed());
  greeting.start_over(now);
  CHECK_FALSE(greeting.is_hello_due(now + 1h));
}

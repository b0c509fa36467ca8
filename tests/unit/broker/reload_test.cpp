#include "config/reload.hpp"

#include "catch.hpp"
#include "zevi/error.hpp"

using namespace std::chrono_literals;
using zevi::BrokerOptions;
using zevi::broker::prepare_reload;
using Names = std::vector<std::string>;

TEST_CASE("what can change live is taken over, and what cannot is named once") {
  BrokerOptions current;
  current.runtime_dir = "/run/zevi";
  BrokerOptions wanted = current;
  wanted.history = {{.prefix = "E_A"}, {.prefix = "E_B"}};
  wanted.max_age = {{"E_A", 5s}};
  wanted.coalesce_max = 1ms;
  wanted.interest_linger = 5s;
  wanted.notices = false;
  wanted.drain_max = 3s;
  CHECK(prepare_reload(current, wanted).need_restart.empty());
  CHECK(prepare_reload(current, wanted).options.history.size() == 2);
  CHECK(prepare_reload(current, wanted).options.coalesce_max == 1ms);

  wanted.events = "tcp://127.0.0.1:5556";
  wanted.acks = {{"E_A", zevi::AckLevel::written}, {"E_B", zevi::AckLevel::written}};
  wanted.events_queue_max = 5;
  CHECK(prepare_reload(current, wanted).need_restart == Names{"events-queue", "events", "ack"});
  CHECK(prepare_reload(current, wanted).options.events.empty());
}

TEST_CASE("with a store, what is kept changes at the next start") {
  BrokerOptions current;
  current.store = "/var/lib/zevi";
  BrokerOptions wanted = current;
  wanted.history = {{.prefix = "E_A"}};
  CHECK(prepare_reload(current, wanted).need_restart == Names{"history"});
}

TEST_CASE("an access list is read again, but not begun or given up") {
  BrokerOptions none;
  BrokerOptions some;
  some.access = "/nowhere/access";
  CHECK(prepare_reload(none, some).need_restart == Names{"access"});
  CHECK(prepare_reload(some, none).need_restart == Names{"access"});
  CHECK_THROWS_AS(prepare_reload(some, some), zevi::Error);
}

#include "control/loss_ledger.hpp"

#include "catch.hpp"
#include "egress/backlog.hpp"

using namespace zevi::broker;
using Stage = LossLedger::Stage;

TEST_CASE("losses are booked by stage, topic and publisher, with the last reason and time") {
  LossLedger ledger;
  const PublisherName worker{7, "worker", 4711, "here"};
  ledger.set_time(100);
  ledger.add(Stage::invalid, worker, "E_A", 2, "first");
  ledger.add(Stage::dropped, worker, "E_A", 5);
  ledger.set_time(200);
  ledger.add(Stage::invalid, worker, "E_A", 3, "second");
  ledger.add(Stage::invalid, worker, "no topic", 1, "third");
  ledger.add(Stage::expired, worker, "E_A", 0);
  REQUIRE(ledger.by_number().size() == 3);
  const LossLedger::Account& invalid = *ledger.by_number().at(1);
  CHECK(invalid.events == 5);
  CHECK(invalid.last_ns == 200);
  CHECK(invalid.reason == "second");
  CHECK(ledger.by_number().at(2)->last_ns == 100);
  CHECK(ledger.by_number().at(3)->topic.empty());
}

TEST_CASE("a full account of losses forgets whose last loss is longest ago") {
  LossLedger ledger;
  for (std::uint64_t pid = 1; pid <= LossLedger::accounts_max; ++pid) {
    ledger.add_of_reader("reader", pid, "E_A", 1, 0);
  }
  ledger.add_of_reader("reader", 1, "E_A", 1, 1);
  ledger.add_of_reader("reader", 999'999, "E_A", 1, 0);
  CHECK(ledger.by_number().size() == LossLedger::accounts_max);
  CHECK(ledger.by_number().at(1)->events == 2);
  CHECK(ledger.by_number().at(1)->evicted == 1);
  CHECK(ledger.by_number().count(2) == 0);
}

TEST_CASE("a reader is still from when what waits for it has last become less") {
  Backlog backlog;
  backlog.look(10, 1);
  backlog.look(30, 2);
  CHECK(backlog.still_since_ns() == 1);
  backlog.look(20, 3);
  backlog.look(20, 4);
  CHECK(backlog.waiting_since_ns() == 1);
  CHECK(backlog.still_since_ns() == 3);
  backlog.look(0, 5);
  CHECK(backlog.waiting_since_ns() == 0);
  CHECK(backlog.still_since_ns() == 0);
}

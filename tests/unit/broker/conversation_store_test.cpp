#include "catch.hpp"
#include "conversation_support.hpp"

using namespace std::chrono_literals;
using namespace zevi::broker;
namespace wire = zevi::wire;
using zevi::test::Talk;
using Kinds = std::vector<wire::Kind>;
using wire::Kind;

namespace {

/// A publisher as a store brings it back: batches up to 5 dealt with, events of T below 11 stored.
Publisher& restored(Talk& talk, bool may_have_lost) {
  auto name = std::make_shared<PublisherName>();
  name->id = 7;
  Publisher& publisher = talk.publishers.restore(std::move(name), 5, may_have_lost, SteadyTime{} + 1h);
  PublisherTopic& numbers = publisher.topics[talk.topics.find_or_add("T")];
  numbers.next_p = numbers.stored_p = 11;
  return publisher;
}

}  // namespace

TEST_CASE("what a store brings back is not taken in again, by batch or by the numbers of its events") {
  Talk talk;
  restored(talk, true);
  talk.hello(7, 4);
  talk.batch(4, 6, 2);
  talk.batch(5, 8, 1);
  talk.batch(6, 9, 2);  // another topic's batch was stored behind it, this one's before
  talk.batch(7, 11, 3);
  CHECK(talk.recorder.events == 3);
  CHECK(talk.recorder.lost_before == 0);
  CHECK(talk.counters.get(Counter::batches_repeated) == 3);
  talk.pass(50ms);
  talk.conversation.acknowledge(talk.now());
  talk.heard();
  CHECK(talk.last_ack.memory == 7);
}

TEST_CASE("what a killed broker had acknowledged and not stored is not called lost before the broker") {
  Talk talk;
  restored(talk, true);
  talk.hello(7, 9);
  talk.batch(9, 31, 1);
  talk.batch(10, 5, 1, 0, "NEW");
  CHECK(talk.recorder.events == 2);
  CHECK(talk.counters.get(Counter::events_lost_before) == 0);
  talk.batch(11, 34, 1);
  CHECK(talk.counters.get(Counter::events_lost_before) == 2);
}

TEST_CASE("what is missing behind all that was stored was lost before the broker") {
  Talk talk;
  restored(talk, false);
  talk.hello(7, 6);
  talk.batch(6, 13, 1);
  CHECK(talk.counters.get(Counter::events_lost_before) == 2);
}

TEST_CASE("the levels that the store reached are told, at once when nothing else is on its way") {
  Talk talk({{"", zevi::AckLevel::written}});
  talk.hello(7);
  talk.batch(1, 1, 1);
  talk.batch(2, 2, 1);
  talk.heard();
  talk.conversation.stored(7, 1, 0);
  talk.conversation.acknowledge(talk.now());
  CHECK(talk.heard().empty());
  talk.conversation.stored(7, 2, 0);
  talk.conversation.acknowledge(talk.now());
  CHECK(talk.heard() == Kinds{Kind::ack});
  CHECK(talk.last_ack.memory == 2);
  CHECK(talk.last_ack.written == 2);
  CHECK(talk.last_ack.synced == 0);
  talk.conversation.stored(7, 2, 2);
  talk.conversation.acknowledge(talk.now());
  CHECK(talk.heard() == Kinds{Kind::ack});
  CHECK(talk.last_ack.synced == 2);
  talk.conversation.stored(99, 1, 1);
}

TEST_CASE("the publishers whose batches were taken in are listed once for the store") {
  Talk talk;
  talk.hello(7);
  talk.batch(1, 1, 1);
  talk.batch(2, 2, 1);
  std::vector<Publisher*> taken;
  talk.conversation.take_taken(taken);
  REQUIRE(taken.size() == 1);
  CHECK(taken[0]->last_s == 2);
  talk.conversation.take_taken(taken);
  CHECK(taken.empty());
}

#include "catch.hpp"
#include "children.hpp"
#include "conversation.hpp"

using namespace zevi;
using namespace std::chrono_literals;
using test::child_requires;
using test::fork_child;
using test::succeeded;

namespace {

constexpr auto deadline = 60s;

using Fixture = test::Conversation;

/// What a child does most often: one event, acknowledged.
void publish_one(const Publisher& publisher, const Topic& topic) {
  child_requires(topic.event().put("i", 1).commit() == Status::ok, "the child publishes");
  child_requires(publisher.flush(deadline) == Status::ok, "the child's event is acknowledged");
}

}  // namespace

TEST_CASE_METHOD(Fixture,
                 "a child has an identity, a connection and numbers of its own, and the parent's go on") {
  publisher.emplace(options);
  const Topic topic = publisher->topic("E_TEST");
  const test::SentHello parents = broker->welcome();
  for (int i = 0; i < 3; ++i) CHECK(topic.event().put("parent", i).commit() == Status::ok);
  const std::vector<test::SentBatch> before = broker->expect_events(3);

  const pid_t child = fork_child([&] {
    publish_one(*publisher, topic);
    const Statistics mine = publisher->statistics();
    child_requires(mine.published == 1 && mine.acknowledged == 1 && mine.resent == 0,
                   "the child counts from its start");
    child_requires(publisher->close() == Status::ok, "the child closes");
  });
  const test::SentHello childs = broker->welcome();
  CHECK(childs.id != parents.id);
  CHECK(childs.pid == static_cast<std::uint64_t>(child));
  CHECK(childs.src == parents.src);
  CHECK(childs.s == 1);
  // What the parent had published and nobody acknowledged is not the child's to send.
  const test::SentBatch batch = broker->expect_batch();
  CHECK(batch.routing_id == childs.routing_id);
  CHECK(batch.s == 1);
  CHECK(batch.p == 1);
  CHECK(batch.n == 1);
  broker->ack(1);
  CHECK(succeeded(child));
  CHECK(broker->expect_bye().s == 1);

  broker->turn_to(parents.routing_id);
  CHECK(topic.event().put("parent", 3).commit() == Status::ok);
  const test::SentBatch after = broker->expect_batch();
  CHECK(after.routing_id == parents.routing_id);
  CHECK(after.p == 4);
  CHECK(after.s == before.back().s + 1);
  broker->ack(after.s);
  CHECK(publisher->flush(deadline) == Status::ok);
  CHECK(publisher->statistics().published == 4);
  CHECK(publisher->statistics().acknowledged == 4);
}

TEST_CASE_METHOD(Fixture, "an event begun before a fork is the parent's alone") {
  begin();
  const Topic topic = publisher->topic("E_TEST");
  zevi_event event;
  REQUIRE(zevi_event_begin(topic.handle(), 1, &event) == ZEVI_OK);
  zevi_put_int(&event, "before", 1);
  const pid_t child = fork_child([&] {
    zevi_put_int(&event, "child", 2);
    child_requires(zevi_event_commit(&event) == ZEVI_FORKED, "the parent's event is refused");
    child_requires(zevi_event_commit(&event) == ZEVI_INVALID, "and refused once");
    child_requires(publisher->statistics().forked == 1, "it is counted");
    child_requires(publisher->statistics().published == 0, "and not published");
    child_requires(topic.event().commit() == Status::ok, "the thread can go on");
  });
  CHECK(succeeded(child));
  const pid_t cancelling = fork_child([&] {
    zevi_event_cancel(&event);
    child_requires(publisher->statistics().forked == 0, "a cancelled event is not counted");
    child_requires(topic.event().commit() == Status::ok, "the thread can go on");
  });
  CHECK(succeeded(cancelling));
  zevi_put_int(&event, "after", 3);
  CHECK(zevi_event_commit(&event) == ZEVI_OK);
  CHECK(publisher->statistics().forked == 0);
}

TEST_CASE_METHOD(Fixture, "a map begun before a fork is the parent's alone") {
  begin();
  zevi_event event;
  std::uint8_t* at = nullptr;
  REQUIRE(zevi_map_begin(publisher->topic("E_TEST").handle(), 1, 10, &event, &at) == ZEVI_OK);
  *at = 0x80;
  const pid_t child = fork_child([&] {
    *at = 0x81;
    child_requires(zevi_map_commit(&event, at + 1) == ZEVI_FORKED, "the parent's event is refused");
  });
  CHECK(succeeded(child));
  CHECK(zevi_map_commit(&event, at + 1) == ZEVI_OK);
  CHECK(broker->expect_batch().events.at(0).params == "\x80");
}

TEST_CASE_METHOD(Fixture,
                 "a child that publishes nothing has nothing to flush or to close, and harms no one") {
  begin();
  const Topic topic = publisher->topic("E_TEST");
  CHECK(topic.event().commit() == Status::ok);
  const test::SentBatch batch = broker->expect_batch();
  const pid_t child = fork_child([&] {
    child_requires(publisher->statistics().published == 0, "the parent's counts are the parent's");
    child_requires(publisher->flush(deadline) == Status::ok, "nothing is left to acknowledge");
    child_requires(publisher->close() == Status::ok, "closing succeeds");
  });
  CHECK(succeeded(child));
  broker->ack(batch.s);
  CHECK(publisher->flush(deadline) == Status::ok);
}

TEST_CASE_METHOD(Fixture, "a child's children are like children") {
  begin();
  const Topic topic = publisher->topic("E_TEST");
  const pid_t child = fork_child([&] {
    publish_one(*publisher, topic);
    const pid_t grandchild = fork_child([&] { publish_one(*publisher, topic); });
    child_requires(succeeded(grandchild), "the grandchild succeeds");
    publish_one(*publisher, topic);
  });
  const test::SentHello childs = broker->welcome();
  CHECK(broker->expect_batch().p == 1);
  broker->ack(1);
  const test::SentHello grandchilds = broker->welcome();
  CHECK(grandchilds.id != childs.id);
  CHECK(broker->expect_batch().p == 1);
  broker->ack(1);
  broker->turn_to(childs.routing_id);
  CHECK(broker->expect_batch().p == 2);
  broker->ack(2);
  CHECK(succeeded(child));
}

TEST_CASE_METHOD(Fixture, "a child does not suppress what the parent's broker did not want") {
  begin();
  const Topic topic = publisher->topic("E_TEST");
  broker->say(wire::Interest{1, {}, {}});
  broker->expect_beat(1);
  CHECK_FALSE(topic.enabled());
  const pid_t child = fork_child([&] {
    child_requires(topic.enabled(), "everything is wanted until the broker says otherwise");
    publish_one(*publisher, topic);
  });
  broker->welcome();
  CHECK(broker->expect_batch().p == 1);
  broker->ack(1);
  CHECK(succeeded(child));
  CHECK_FALSE(topic.enabled());
}

TEST_CASE_METHOD(Fixture, "threads of a child publish too, and a thread's end is the child's matter") {
  begin();
  const Topic topic = publisher->topic("E_TEST");
  CHECK(topic.event().commit() == Status::ok);
  broker->ack(broker->expect_batch().s);
  const pid_t child = fork_child([&] {
    std::thread([&] { child_requires(topic.event().commit() == Status::ok, "a thread publishes"); }).join();
    publish_one(*publisher, topic);
    child_requires(publisher->statistics().acknowledged == 2, "both events are acknowledged");
  });
  broker->welcome();
  for (const test::SentBatch& batch : broker->expect_events(2)) broker->ack(batch.s);
  CHECK(succeeded(child));
}

TEST_CASE("the events of an inproc publisher's child are counted as forked if it has no other endpoint") {
  zmq::context_t context;
  PublisherOptions options;
  options.endpoint = "inproc://ingress";
  options.zmq_context = context.handle();
  options.linger_ns = 0;
  Publisher publisher(options);
  const Topic topic = publisher.topic("E_TEST");
  CHECK(topic.event().commit() == Status::ok);
  const pid_t child = fork_child([&] {
    for (int i = 0; i < 3; ++i) child_requires(topic.event().commit() == Status::forked, "there is no way");
    child_requires(topic.publish_encoded("\x80") == Status::forked, "there is no way");
    child_requires(publisher.statistics().forked == 4, "the events are counted");
    child_requires(publisher.flush(0s) == Status::ok && publisher.close() == Status::ok, "nothing is left");
  });
  CHECK(succeeded(child));
  CHECK(publisher.statistics().forked == 0);
}

TEST_CASE("an inproc publisher's child uses the endpoint that is meant for it") {
  test::Endpoint endpoint;
  test::ScriptedBroker broker(endpoint.name());
  zmq::context_t context;
  PublisherOptions options;
  options.endpoint = "inproc://ingress";
  options.zmq_context = context.handle();
  options.fork_endpoint = endpoint.name().c_str();
  options.linger_ns = 0;
  Publisher publisher(options);
  const Topic topic = publisher.topic("E_TEST");
  const pid_t child = fork_child([&] { publish_one(publisher, topic); });
  broker.welcome();
  broker.ack(broker.expect_batch().s);
  CHECK(succeeded(child));
}

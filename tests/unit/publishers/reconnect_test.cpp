#include "catch.hpp"
#include "conversation.hpp"

using namespace zevi;
using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 30s;

struct Fixture : test::Conversation {
  std::vector<test::SentBatch> sent;

  /// Publishes an event as a batch of its own.
  void publish(const char* topic, int number) {
    CHECK(publisher->topic(topic).event().put("i", number).commit() == Status::ok);
    sent.push_back(broker->expect_batch());
    CHECK(sent.back().n == 1);
    CHECK(sent.back().s == sent.size());
  }

  /// The batches from number `s` on come again, byte for byte.
  void expect_again(std::uint64_t s) {
    for (; s <= sent.size(); ++s) {
      const test::SentBatch again = broker->expect_batch();
      CHECK(again.s == s);
      CHECK(again.has_bytes_of(sent[s - 1]));
    }
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture,
                 "what a dead broker had not acknowledged comes again to its successor, byte for byte") {
  begin();
  for (int i = 0; i < 10; ++i) publish(i % 3 == 0 ? "E_A" : "E_B", i);
  broker->ack(4);
  wait_for([](const Statistics& now) { return now.acknowledged == 4; });
  replace_broker(2);
  CHECK(broker->welcome().s == 5);
  expect_again(5);
  const Statistics statistics = wait_for([](const Statistics& now) { return now.resent == 6; });
  CHECK(statistics.sent == 10);
  CHECK(statistics.acknowledged == 4);
  publish("E_A", 10);
  broker->ack(11);
  CHECK(publisher->flush(deadline) == Status::ok);
  CHECK(publisher->statistics().acknowledged == 11);
}

TEST_CASE_METHOD(Fixture,
                 "batches come again as often as brokers die, with what came in between behind them") {
  begin();
  const std::uint64_t id = [&] {
    broker->ask_who();
    return broker->welcome().id;
  }();
  int number = 0;
  for (std::uint64_t round = 2; round <= 6; ++round) {
    publish("E_A", number++);
    publish("E_B", number++);
    broker.reset();
    wait_for([](const Statistics& now) { return now.connected == 0; });
    // Published while there is no broker.
    CHECK(publisher->topic("E_A").event().put("i", number++).commit() == Status::ok);
    broker.emplace(endpoint.name(), round);
    const test::SentHello hello = broker->welcome();
    CHECK(hello.id == id);
    CHECK(hello.s == 1);
    expect_again(1);
    sent.push_back(broker->expect_batch());
    CHECK(sent.back().s == sent.size());
  }
  broker->ack(sent.size());
  CHECK(publisher->flush(deadline) == Status::ok);
  const Statistics statistics = publisher->statistics();
  CHECK(statistics.published == 15);
  CHECK(statistics.sent == 15);
  CHECK(statistics.acknowledged == 15);
  CHECK(statistics.resent == 2 + 5 + 8 + 11 + 14);
}

TEST_CASE_METHOD(Fixture, "a broker that asks who we are gets a hello and the batches again") {
  begin();
  publish("E_A", 1);
  publish("E_A", 2);
  broker->ask_who();
  CHECK(broker->welcome().s == 1);
  expect_again(1);
  // Once is enough, however often it asked before its welcome.
  broker->ask_who();
  broker->ask_who();
  CHECK(broker->expect_hello().s == 1);
  broker->ask_who();
  broker->say_welcome();
  expect_again(1);
  publish("E_A", 3);
  CHECK(wait_for([](const Statistics& now) { return now.sent == 3; }).resent == 4);
}

TEST_CASE_METHOD(Fixture, "a broker that says nothing to the batches is asked by a hello what it has") {
  begin();
  publish("E_A", 1);
  CHECK(broker->welcome().s == 1);
  expect_again(1);
  broker->ack(1);
  CHECK(publisher->flush(deadline) == Status::ok);
}

TEST_CASE_METHOD(Fixture, "a successor's acknowledgements count, not those of the broker before it") {
  begin();
  publish("E_A", 1);
  publish("E_B", 2);
  replace_broker(2);
  wire::Welcome welcome;
  welcome.levels = {{"E_", wire::AckLevel::synced}};
  broker->welcome(welcome);
  expect_again(1);
  broker->ack(wire::Ack{2, 2, 0});
  CHECK(publisher->flush(1ms) == Status::timeout);
  broker->ack(wire::Ack{2, 2, 2});
  CHECK(publisher->flush(deadline) == Status::ok);
}

TEST_CASE_METHOD(Fixture, "a broker that returns with the same knowledge is told the drops again") {
  begin();
  publish("E_A", 1);
  CHECK(publisher->topic("E_A").publish_encoded("no map") == Status::invalid);
  broker->expect_drops("E_A", 1);
  replace_broker(1);
  broker->welcome();
  expect_again(1);
  broker->expect_drops("E_A", 1);
}

TEST_CASE_METHOD(Fixture, "a broker that refuses the hello is left alone for a while, and events wait") {
  publisher.emplace(options);
  CHECK(publisher->topic("E_A").event().commit() == Status::ok);
  broker->expect_hello();
  broker->say(wire::Reject{0, "", 0, "for the test"});
  broker->say_welcome();  // too late: it answers no hello any more
  CHECK(publisher->flush(100ms) == Status::timeout);
  CHECK(publisher->statistics().sent == 0);
  CHECK(publisher->statistics().connected == 0);
  replace_broker(2);
  broker->welcome();
  CHECK(broker->expect_batch().s == 1);
}

TEST_CASE("a runtime directory that comes to be later is found, without the publisher being told") {
  TemporaryDirectory directory;
  const std::string runtime_dir = directory.path() + "/zevi";
  PublisherOptions options;
  options.runtime_dir = runtime_dir.c_str();
  options.linger_ns = 0;
  Publisher publisher(options);
  CHECK(publisher.topic("E_A").event().commit() == Status::ok);
  std::filesystem::create_directory(runtime_dir);
  test::ScriptedBroker broker("ipc://" + runtime_dir + "/ingress");
  broker.welcome();
  CHECK(broker.expect_batch().s == 1);
}

TEST_CASE("an inproc broker that comes later, and its successor, are found") {
  zmq::context_t context;
  PublisherOptions options;
  options.endpoint = "inproc://ingress";
  options.zmq_context = context.handle();
  options.linger_ns = 0;
  Publisher publisher(options);
  CHECK(publisher.topic("E_A").event().commit() == Status::ok);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    test::ScriptedBroker broker("inproc://ingress", id, &context);
    CHECK(broker.welcome().s == 1);
    CHECK(broker.expect_batch().s == 1);
  }
}

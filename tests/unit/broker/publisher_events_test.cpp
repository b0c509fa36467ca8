#include "ingress/publisher_events.hpp"

#include "catch.hpp"
#include "ingress/conversation.hpp"

using namespace std::chrono_literals;
using namespace zevi::broker;
namespace wire = zevi::wire;

namespace {

class Watcher : public PublisherEvents {
 public:
  void up(const Publisher& publisher, bool again) override {
    said += "up " + publisher.name->src + (again ? " again;" : ";");
  }
  void down(const Publisher&, DownReason reason) override {
    said += reason == DownReason::bye ? "bye;" : "down;";
  }
  void dropped(const Publisher&, const Topic& topic, std::uint64_t events) override {
    said += "dropped " + topic.name + " " + std::to_string(events) + ";";
  }
  void refused(const Publisher&, std::string_view topic, std::uint64_t events, std::string_view) override {
    said += "refused " + std::string(topic) + " " + std::to_string(events) + ";";
  }
  std::string said;
};

class Scene {
 public:
  Scene() { conversation_.report_to(&watcher); }

  template <typename Message>
  void say(const Message& message, const std::string& body = {}) {
    std::string frame;
    wire::encode(message, frame);
    std::vector<zmq::message_t> frames;
    frames.emplace_back(frame);
    if (!body.empty()) frames.emplace_back(body);
    conversation_.receive(std::string("\0aaaa", 5), frames, now_);
  }
  void hello(std::uint64_t s) {
    wire::Hello hello;
    hello.src = "worker";
    hello.id = 7;
    hello.s = s;
    say(hello);
  }
  /// A batch of one event.
  void batch(std::uint64_t s, std::uint64_t p, std::string_view topic) {
    std::string body(wire::body_head_bytes, '\0');
    zevi::pack::put_array32_head(reinterpret_cast<std::uint8_t*>(body.data()), 1);
    zevi::pack::Writer(body).array(2).uint(0).map(0);
    say(wire::EventsHeader{topic, s, p, 1, 0, ""}, body);
  }

  Watcher watcher;

 private:
  Now now_{SteadyTime{} + 1h, 1};
  Counters counters_;
  Complaints complaints_{nullptr};
  PublisherRegistry publishers_;
  TopicRegistry topics_;
  InterestTable interest_{2s, 50};
  Sequencer sequencer_{9, 0us, counters_};
  Conversation conversation_{1, publishers_, topics_, interest_, sequencer_, counters_, complaints_};
};

}  // namespace

TEST_CASE("who watches is told of publishers that come, drop, are refused and go") {
  Scene scene;
  scene.hello(1);
  scene.hello(1);
  scene.batch(1, 1, "T");
  scene.batch(2, 4, "T");
  wire::Beat beat;
  beat.d = {{"T", 5}};
  scene.say(beat);
  scene.batch(3, 1, "E_ZEVI_X");
  scene.say(wire::Bye{});
  scene.hello(4);
  CHECK(scene.watcher.said == "up worker;dropped T 2;dropped T 5;refused E_ZEVI_X 1;bye;up worker again;");
}

#include "ingress/conversation.hpp"
#include "catch.hpp"
#include "zevi/wire/body.hpp"

using namespace std::chrono_literals;
using namespace zevi::broker;
namespace wire = zevi::wire;

namespace {

const std::string connection_a("\0aaaa", 5);
const std::string connection_b("\0bbbb", 5);

std::string body(std::uint32_t n) {
  std::string bytes(wire::body_head_bytes, '\0');
  zevi::pack::put_array32_head(reinterpret_cast<std::uint8_t*>(bytes.data()), n);
  zevi::pack::Writer writer(bytes);
  for (std::uint32_t i = 0; i < n; ++i) writer.array(2).uint(i).map(0);
  return bytes;
}

class Recorder : public MessageSink {
 public:
  void take(SequencedMessage& message) override {
    events += message.header.n;
    lost_before = message.header.l;
  }
  std::uint64_t events = 0;
  std::uint64_t lost_before = 0;
};

/// The broker's side of the talk without sockets: what a test says goes in, what the broker answers comes
/// out.
class Talk {
 public:
  Talk() {
    sequencer_.add_sink(recorder);
    CHECK(interest.renew(now_.steady));
  }

  template <typename Message>
  void say(const Message& message, const std::string& connection = connection_a) {
    std::string frame;
    wire::encode(message, frame);
    say_frames({frame}, connection);
  }
  void hello(std::uint64_t id, std::uint64_t s = 1, const std::string& connection = connection_a) {
    wire::Hello hello;
    hello.src = "worker";
    hello.id = id;
    hello.s = s;
    say(hello, connection);
  }
  void batch(std::uint64_t s, std::uint64_t p, std::uint32_t n, std::uint64_t d = 0,
             std::string_view topic = "T") {
    std::string frame;
    wire::encode(wire::EventsHeader{topic, s, p, n, d, ""}, frame);
    say_frames({frame, body(n)}, connection_a);
  }
  void say_frames(const std::vector<std::string>& bytes, const std::string& connection) {
    std::vector<zmq::message_t> frames;
    for (const std::string& frame : bytes) frames.emplace_back(frame);
    conversation.receive(connection, frames, now_);
    sequencer_.flush_all(now_);
    conversation.acknowledge(now_);
  }

  /// The kinds of the answers since the last call.
  std::vector<wire::Kind> heard() {
    std::vector<wire::Kind> kinds;
    for (const auto& answer : conversation.answers()) {
      wire::Kind kind{};
      REQUIRE(wire::decode_kind(answer.frame, kind) == wire::DecodeError::none);
      if (kind == wire::Kind::ack) REQUIRE(wire::decode(answer.frame, last_ack) == wire::DecodeError::none);
      if (kind == wire::Kind::reject) {
        wire::Reject reject;
        REQUIRE(wire::decode(answer.frame, reject) == wire::DecodeError::none);
        last_reject_reason = reject.reason;
      }
      kinds.push_back(kind);
    }
    conversation.answers().clear();
    return kinds;
  }
  void pass(std::chrono::milliseconds time) { now_.steady += time; }

  Counters counters;
  PublisherRegistry publishers;
  TopicRegistry topics;
  InterestTable interest{2s, 50};
  Recorder recorder;
  wire::Ack last_ack;
  std::string last_reject_reason;

 private:
  Now now_{SteadyTime{} + 1h, 1};
  Complaints complaints_{nullptr};
  Sequencer sequencer_{9, 0us, counters};

 public:
  Conversation conversation{1, publishers, topics, interest, sequencer_, counters, complaints_};
};

using Kinds = std::vector<wire::Kind>;
using wire::Kind;

}  // namespace

TEST_CASE("a hello is answered with welcome, interest and what was taken in so far") {
  Talk talk;
  talk.hello(7);
  CHECK(talk.heard() == Kinds{Kind::welcome, Kind::interest, Kind::ack});
  CHECK(talk.last_ack.memory == 0);
}

TEST_CASE("events before a hello are not taken in, and their sender is asked once a second who it is") {
  Talk talk;
  talk.batch(1, 1, 1);
  talk.batch(2, 2, 1);
  CHECK(talk.heard() == Kinds{Kind::who});
  talk.pass(1s);
  talk.batch(3, 3, 1);
  CHECK(talk.heard() == Kinds{Kind::who});
  CHECK(talk.recorder.events == 0);
  CHECK(talk.counters.get(Counter::batches_unknown) == 3);
}

TEST_CASE("batches are taken in by number and a repeated one is only acknowledged again") {
  Talk talk;
  talk.hello(7);
  talk.batch(1, 1, 2);
  talk.batch(2, 3, 1);
  talk.heard();
  talk.batch(1, 1, 2);
  CHECK(talk.heard() == Kinds{Kind::ack});
  CHECK(talk.last_ack.memory == 2);
  CHECK(talk.recorder.events == 3);
  CHECK(talk.counters.get(Counter::batches_repeated) == 1);
}

TEST_CASE("a missing batch makes the broker ask who, once, and take in nothing until the next hello") {
  Talk talk;
  talk.hello(7);
  talk.heard();
  talk.batch(2, 3, 1);
  talk.batch(3, 4, 1);
  talk.batch(1, 1, 2);
  CHECK(talk.heard() == Kinds{Kind::who});
  CHECK(talk.recorder.events == 0);
  talk.hello(7);
  talk.batch(1, 1, 2);
  talk.batch(2, 3, 1);
  talk.batch(3, 4, 1);
  CHECK(talk.recorder.events == 4);
  CHECK(talk.recorder.lost_before == 0);
}

TEST_CASE("a publisher that reconnects goes on where it was, and what it sends again is known") {
  Talk talk;
  talk.hello(7);
  talk.batch(1, 1, 2);
  talk.hello(7, 1, connection_b);
  CHECK(talk.publishers.by_connection(connection_a) == nullptr);
  std::string frame;
  wire::encode(wire::EventsHeader{"T", 1, 1, 2, 0, ""}, frame);
  talk.say_frames({frame, body(2)}, connection_b);
  CHECK(talk.recorder.events == 2);
  CHECK(talk.publishers.by_connection(connection_b)->name->id == 7);
}

TEST_CASE("gaps in a publisher's own numbers are summed into the topic's losses") {
  Talk talk;
  talk.hello(7);
  talk.batch(1, 4, 2, 3);
  CHECK(talk.recorder.lost_before == 3);
  talk.batch(2, 6, 1, 3);
  CHECK(talk.recorder.lost_before == 3);
  talk.batch(3, 17, 1, 13);
  CHECK(talk.recorder.lost_before == 13);
}

TEST_CASE("drops told by a beat are counted once, though the next batch tells them again") {
  Talk talk;
  talk.hello(7);
  talk.batch(1, 1, 1);
  talk.say(wire::Beat{50, {{"T", 5}}});
  talk.say(wire::Beat{50, {{"T", 5}}});
  talk.batch(2, 7, 1, 5);
  CHECK(talk.recorder.lost_before == 5);
  CHECK(talk.counters.get(Counter::events_lost_before) == 5);
}

TEST_CASE("the numbers that a publisher gave before this broker started are no losses") {
  Talk talk;
  talk.hello(7, 40);
  talk.batch(40, 1000, 5, 3);
  CHECK(talk.recorder.lost_before == 0);
  talk.batch(41, 1006, 1, 4);
  CHECK(talk.recorder.lost_before == 1);
}

TEST_CASE("a beat that comes before the first batch says nothing of the events before this broker started") {
  Talk talk;
  talk.hello(7, 40);
  talk.say(wire::Beat{50, {{"T", 3}}});
  talk.batch(40, 1000, 5, 3);
  CHECK(talk.recorder.lost_before == 0);
  talk.say(wire::Beat{50, {{"T", 4}}});
  talk.batch(41, 1006, 1, 4);
  CHECK(talk.recorder.lost_before == 1);
}

TEST_CASE("a malformed batch is refused with a reason, counts as taken in, and the next one is taken") {
  Talk talk;
  talk.hello(7);
  talk.heard();
  std::string frame;
  wire::encode(wire::EventsHeader{"T", 1, 1, 3, 0, ""}, frame);
  talk.say_frames({frame, body(2)}, connection_a);
  CHECK(talk.heard() == Kinds{Kind::reject, Kind::ack});
  CHECK(talk.last_ack.memory == 1);
  CHECK(talk.last_reject_reason.find("number of events") != std::string::npos);
  talk.batch(2, 4, 1);
  CHECK(talk.recorder.events == 1);
  CHECK(talk.recorder.lost_before == 3);
  CHECK(talk.counters.get(Counter::events_invalid) == 3);
}

TEST_CASE("the broker's own topics are refused") {
  Talk talk;
  talk.hello(7);
  talk.batch(1, 1, 1, 0, "E_ZEVI_DROPPED");
  CHECK(talk.recorder.events == 0);
  CHECK(talk.counters.get(Counter::batches_invalid) == 1);
}

TEST_CASE("a publisher has at most 1,024 topics") {
  Talk talk;
  talk.hello(7);
  for (std::uint64_t s = 1; s <= 1024; ++s) talk.batch(s, 1, 1, 0, "T" + std::to_string(s));
  talk.batch(1025, 1, 1, 0, "one_more");
  CHECK(talk.recorder.events == 1024);
  CHECK(talk.counters.get(Counter::events_invalid) == 1);
  talk.batch(1026, 2, 1, 0, "T1");
  CHECK(talk.recorder.events == 1025);
}

TEST_CASE("a beat confirms the interest, and one that holds an older interest is sent the current one") {
  Talk talk;
  talk.hello(7);
  talk.heard();
  CHECK(talk.publishers.unconfirmed(50) == 1);
  talk.say(wire::Beat{49, {}});
  CHECK(talk.heard() == Kinds{Kind::interest, Kind::ack});
  CHECK(talk.publishers.unconfirmed(50) == 1);
  talk.say(wire::Beat{50, {}});
  CHECK(talk.heard() == Kinds{Kind::ack});
  CHECK(talk.publishers.unconfirmed(50) == 0);
}

TEST_CASE("an interest that this broker never announced confirms nothing") {
  Talk talk;
  talk.hello(7);
  talk.say(wire::Beat{1'000'000, {}});
  CHECK(talk.publishers.unconfirmed(50) == 1);
}

TEST_CASE("a publisher that said goodbye is no longer waited for") {
  Talk talk;
  talk.hello(7);
  talk.say(wire::Bye{0, {{"T", 2}}});
  CHECK(talk.publishers.unconfirmed(50) == 0);
  CHECK(talk.counters.get(Counter::events_lost_before) == 2);
}

TEST_CASE("versions that have nothing in common are refused in words") {
  Talk talk;
  wire::Hello hello;
  hello.id = 7;
  hello.version_min = 2;
  hello.version_max = 9;
  talk.say(hello);
  CHECK(talk.heard() == Kinds{Kind::reject});
  CHECK(talk.last_reject_reason.find("version") != std::string::npos);
}

TEST_CASE("a version of a later range that holds ours is settled on ours") {
  Talk talk;
  wire::Hello hello;
  hello.id = 7;
  hello.version_min = 1;
  hello.version_max = 9;
  talk.say(hello);
  wire::Welcome welcome;
  REQUIRE(wire::decode(talk.conversation.answers().front().frame, welcome) == wire::DecodeError::none);
  CHECK(welcome.version == 1);
}

TEST_CASE("messages that no publisher sends are refused and counted") {
  Talk talk;
  talk.hello(7);
  talk.heard();
  const std::string beat = [] {
    std::string frame;
    wire::encode(wire::Beat{}, frame);
    return frame;
  }();
  talk.say_frames({}, connection_a);
  talk.say_frames({""}, connection_a);
  talk.say_frames({beat, beat}, connection_a);
  talk.say_frames({"\x93\x01\x02\x03"}, connection_a);
  talk.say_frames({std::string("\xDF\xFF\xFF\xFF\xFF", 5)}, connection_a);
  talk.say_frames({beat}, "chosen by the peer");
  CHECK(talk.heard().empty());
  CHECK(talk.counters.get(Counter::frames_refused) == 6);
}

TEST_CASE("a publisher that falls silent is down, and up again when it speaks") {
  Talk talk;
  talk.hello(7);
  int down = 0;
  const auto expire = [&](SteadyTime now) { talk.publishers.expire(now, [&](const Publisher&) { ++down; }); };
  expire(SteadyTime{} + 1h + 2999ms);
  CHECK(down == 0);
  expire(SteadyTime{} + 1h + 4s);
  CHECK(down == 1);
  CHECK(talk.publishers.unconfirmed(50) == 0);
  talk.batch(1, 1, 1);
  CHECK(talk.recorder.events == 1);
  CHECK(talk.publishers.unconfirmed(50) == 1);
}

TEST_CASE("a publisher is forgotten an hour after its end") {
  Talk talk;
  talk.hello(7);
  talk.say(wire::Bye{});
  const auto expire = [&](SteadyTime now) { talk.publishers.expire(now, [](const Publisher&) {}); };
  expire(SteadyTime{} + 1h + 59min);
  CHECK(talk.publishers.by_id(7) != nullptr);
  expire(SteadyTime{} + 2h + 1s);
  CHECK(talk.publishers.by_id(7) == nullptr);
  CHECK(talk.publishers.by_connection(connection_a) == nullptr);
}

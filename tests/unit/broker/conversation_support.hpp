#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "catch.hpp"
#include "ingress/conversation.hpp"
#include "zevi/wire/body.hpp"

namespace zevi::test {

using namespace std::chrono_literals;
using namespace zevi::broker;

inline const std::string connection_a("\0aaaa", 5);
inline const std::string connection_b("\0bbbb", 5);

inline std::string body(std::uint32_t n) {
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
  explicit Talk(std::vector<zevi::AckRule> levels = {})
      : conversation(1, publishers, topics, interest, sequencer_, counters, complaints_, std::move(levels)) {
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
  [[nodiscard]] const Now& now() const noexcept { return now_; }

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
  Conversation conversation;
};

}  // namespace zevi::test

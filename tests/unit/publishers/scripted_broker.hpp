#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "zevi/wire/broker_messages.hpp"
#include "zevi/wire/publisher_messages.hpp"

namespace zevi::test {

struct SentEvent {
  std::int64_t time_ns = 0;
  std::string params;
  bool operator==(const SentEvent&) const = default;
};

/// A batch as it was sent.
struct SentBatch {
  std::string routing_id;  ///< of the connection that it came on
  std::string header;
  std::string body;

  std::string topic;
  std::uint64_t s = 0;
  std::uint64_t p = 0;
  std::uint32_t n = 0;
  std::uint64_t d = 0;
  std::vector<SentEvent> events;

  [[nodiscard]] bool has_bytes_of(const SentBatch& other) const noexcept {
    return header == other.header && body == other.body;
  }
};

struct SentHello {
  std::string routing_id;
  std::string src;
  std::string host;
  std::uint64_t pid = 0;
  std::uint64_t id = 0;
  std::uint64_t s = 0;
  std::uint64_t g = 0;
};

/// The broker's end of a conversation, which says what the test tells it to say, to whoever said hello last.
/// What a publisher says is waited for up to a deadline, after which the test fails.
class ScriptedBroker {
 public:
  /// Binds `endpoint` in `context`, or in a context of its own. `id` tells a broker from its successor.
  explicit ScriptedBroker(const std::string& endpoint, std::uint64_t id = 1,
                          zmq::context_t* context = nullptr);
  ~ScriptedBroker();
  ScriptedBroker(const ScriptedBroker&) = delete;
  ScriptedBroker& operator=(const ScriptedBroker&) = delete;

  // Each passes over beats, and fails at any other message than the one it waits for.

  SentHello expect_hello();
  SentBatch expect_batch();
  wire::Bye expect_bye();
  /// Batches until they hold `events` events; for publishers of which it is open how they group them.
  std::vector<SentBatch> expect_events(std::size_t events);
  /// The next beat, or the next that holds this generation of interest; gives the generation.
  std::uint64_t expect_beat(std::optional<std::uint64_t> generation = {});
  /// Waits until beats, those that were passed over included, have told of so many drops.
  void expect_drops(const std::string& topic, std::uint64_t drops);

  /// Waits for a hello and answers it.
  SentHello welcome(const wire::Welcome& message = {});
  /// A welcome without a hello before it.
  void say_welcome(wire::Welcome message = {});
  void say(const wire::Interest& message) { send(message); }
  void say(const wire::Reject& message) { send(message); }
  void ask_who() { send(wire::Who{}); }
  /// Speaks to this one from now on.
  void turn_to(const std::string& routing_id) { routing_id_ = routing_id; }
  void ack(std::uint64_t s) { send(wire::Ack{s, s, s}); }
  void ack(const wire::Ack& levels) { send(levels); }
  void send_raw(const std::vector<std::string>& frames);

 private:
  struct Heard {
    std::string routing_id;
    wire::Kind kind{};
    std::vector<std::string> frames;
  };

  Heard next();
  void note_drops(const std::string& frame);
  Heard next_but_beats(wire::Kind kind);

  template <typename Message>
  void send(const Message& message) {
    std::string frame;
    wire::encode(message, frame);
    send_raw({frame});
  }

  const std::string endpoint_;
  const std::uint64_t id_;
  std::optional<zmq::context_t> own_context_;
  zmq::socket_t router_;
  std::string routing_id_;
  std::map<std::string, std::uint64_t> drops_;
};

}  // namespace zevi::test

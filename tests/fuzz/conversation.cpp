#include "ingress/conversation.hpp"

#include <array>
#include <chrono>
#include <cstdlib>
#include <string>

#include "frames_of.hpp"

using namespace std::chrono_literals;
using namespace zevi::broker;

namespace {

class Sink : public MessageSink {
 public:
  void take(SequencedMessage& message) override {
    if (message.header.q != next_q_[message.topic.name] + 1) std::abort();
    next_q_[message.topic.name] += message.header.n;
    events += message.header.n;
  }
  std::uint64_t events = 0;

 private:
  zevi::broker::StringMap<std::uint64_t> next_q_;
};

}  // namespace

/// Any messages of four connections in any order: every event that was taken in leaves once, in the order of
/// its topic's numbers, and what was not is counted.
extern "C" int LLVMFuzzerTestOneInput(const char* data, std::size_t size) {
  static const std::array<std::string, 4> connections{std::string("\0aaaa", 5), std::string("\0bbbb", 5),
                                                      std::string("\0cccc", 5), "chosen"};
  Counters counters;
  PublisherRegistry publishers;
  TopicRegistry topics({{"E_OLD", 1s}});
  InterestTable interest(2s, 50);
  Complaints complaints(nullptr);
  Sequencer sequencer(9, 0us, counters);
  Sink sink;
  sequencer.add_sink(sink);
  Conversation conversation(1, publishers, topics, interest, sequencer, counters, complaints,
                            {{"E_KEPT", zevi::AckLevel::written}});
  Now now{SteadyTime{} + 1h, 1'000'000'000'000};
  static_cast<void>(interest.renew(now.steady));

  zevi::test::FrameCutter input({data, size});
  while (!input.is_empty()) {
    const unsigned what = input.take_byte();
    std::vector<zmq::message_t> frames = input.take_frames(what >> 2U & 3U);
    conversation.receive(connections[what & 3U], frames, now);
    now.steady += std::chrono::milliseconds(what >> 4U);
    now.realtime_ns += 1'000'000;
    sequencer.flush_all(now);
    conversation.acknowledge(now);
    conversation.answers().clear();
    publishers.expire(
        now.steady, [](const Publisher&) { return false; }, [](const Publisher&, DownReason) {});
  }
  const std::uint64_t taken = counters.get(Counter::events_received) - counters.get(Counter::events_expired);
  if (sink.events != taken) std::abort();
  return 0;
}

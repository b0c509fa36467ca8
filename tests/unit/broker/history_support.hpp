#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "history/history.hpp"
#include "topics/topic_registry.hpp"
#include "zevi/wire/body.hpp"

namespace zevi::test {

/// A body of `n` events, the first with as many bytes of padding and of the age that is asked for.
[[nodiscard]] inline zmq::message_t event_body(std::uint32_t n, std::size_t padding,
                                               std::int64_t first_time_ns, std::int64_t time_ns) {
  std::string bytes(wire::body_head_bytes, '\0');
  pack::put_array32_head(reinterpret_cast<std::uint8_t*>(bytes.data()), n);
  pack::Writer writer(bytes);
  for (std::uint32_t i = 0; i < n; ++i) {
    writer.array(2).sint(i == 0 ? first_time_ns : time_ns);
    writer.map(1).text("x").binary(std::string(i == 0 ? padding : 0, 'x'));
  }
  return zmq::message_t(bytes);
}

/// A history with its topics and a clock that stands still, fed with messages as the sequencer would.
class HistoryScene {
 public:
  static constexpr std::uint64_t epoch = 77;

  explicit HistoryScene(const std::vector<HistoryLimit>& limits, const std::vector<MaxAge>& max_ages = {})
      : topics(max_ages), history(limits, counters_) {}

  /// The next message of a topic; its first event is `age` old. The address of its body.
  const void* take(const std::string& name, std::uint32_t n, std::size_t padding = 0,
                   std::chrono::nanoseconds age = {}) {
    broker::Topic& topic = *topics.find_or_add(name);
    const auto now_ns = static_cast<std::int64_t>(now_.realtime_ns);
    zmq::message_t body = event_body(n, padding, now_ns - age.count(), now_ns);
    const void* const address = body.data();
    broker::SequencedMessage message(topic, body, false);
    message.header.b = epoch;
    message.header.q = topic.unsent_q;
    message.header.n = n;
    message.header.at = now_.realtime_ns;
    message.header.r.push_back({1, "src", 2, topic.unsent_q, n, "host", ""});
    topic.unsent_q += n;
    topic.next_q += n;
    last_cost_ = broker::History::cost_bytes(message.header_frame().size(), body.size());
    history.take(message);
    return address;
  }
  void wait(std::chrono::nanoseconds time) {
    now_.steady += time;
    now_.realtime_ns += static_cast<std::uint64_t>(time.count());
    history.expire(now_);
  }

  [[nodiscard]] broker::StoredMessage* message(const std::string& name, std::uint64_t q) {
    return history.find(*topics.find_or_add(name), q, now_.realtime_ns).message();
  }
  /// The first number of the message that is found; 0 for none.
  [[nodiscard]] std::uint64_t found(const std::string& name, std::uint64_t q) {
    const broker::StoredMessage* const found = message(name, q);
    return found == nullptr ? 0 : found->q;
  }
  [[nodiscard]] std::uint64_t found_since(const std::string& name, std::uint64_t at) {
    const broker::StoredMessage* const found =
        history.find_since(*topics.find_or_add(name), at, now_.realtime_ns).message();
    return found == nullptr ? 0 : found->q;
  }
  [[nodiscard]] std::uint64_t counter(broker::Counter which) const { return counters_.get(which); }
  [[nodiscard]] const broker::Now& now() const noexcept { return now_; }
  /// Of the last message.
  [[nodiscard]] std::uint64_t last_cost() const noexcept { return last_cost_; }

 private:
  broker::Counters counters_;
  broker::Now now_{broker::SteadyTime{} + std::chrono::hours(1), 1'000'000'000'000'000};
  std::uint64_t last_cost_ = 0;

 public:
  broker::TopicRegistry topics;
  broker::History history;
};

}  // namespace zevi::test

#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "catch_up.hpp"
#include "feed_messages.hpp"

/// A reader whose socket and whose broker's history are the test.
namespace zevi::test {

using subscriber::Beginning;
using subscriber::CatchUp;
using subscriber::Clock;
using subscriber::Delivery;
using subscriber::TopicFilters;

/// What stands behind an answer.
struct End {
  std::uint64_t i = 0;
  std::uint64_t b = 7;
  std::vector<wire::TopicCount> next = {};
  bool more = false;
  std::vector<wire::GoneRange> gone = {};
  std::optional<std::vector<wire::TopicCount>> ended = {};
  std::string_view reason = {};
};

/// Notes what is asked, and answers what the test says.
struct ScriptedLine final : subscriber::ReplayLine {
  bool is_there = true;
  std::deque<std::string> questions;
  std::deque<std::vector<std::string>> parts;

  bool ask(const std::string& question) override {
    if (is_there) questions.push_back(question);
    return is_there;
  }
  bool receive(std::vector<zmq::message_t>& frames) override {
    if (parts.empty()) return false;
    frames.clear();
    for (const std::string& frame : parts.front()) frames.emplace_back(frame);
    parts.pop_front();
    return true;
  }
  void hang_up() noexcept override { parts.clear(); }

  wire::ReplayRequest question() {
    REQUIRE(!questions.empty());
    asked_ = questions.front();
    questions.pop_front();
    wire::ReplayRequest request;
    REQUIRE(wire::decode(asked_, request) == wire::DecodeError::none);
    return request;
  }
  void store(std::uint64_t i, const Batch& batch) {
    std::string head;
    wire::encode(wire::StoredHead{i}, head);
    std::string header;
    wire::encode(test::header(batch), header);
    parts.push_back({head, std::string(batch.topic), header, test::body(batch.q, batch.n)});
  }
  void end(const End& end) {
    wire::ReplayEnd message;
    message.i = end.i;
    message.b = end.b;
    message.next = end.next;
    message.more = end.more;
    message.gone = end.gone;
    message.ended = end.ended;
    message.reason = end.reason;
    std::string frame;
    wire::encode(message, frame);
    parts.push_back({frame});
  }

 private:
  std::string asked_;
};

inline Beginning from_oldest() {
  Beginning beginning;
  beginning.oldest = true;
  return beginning;
}

using Words = std::vector<std::string>;

/// A reader whose socket is the test.
struct Reader {
  explicit Reader(Beginning beginning = {}, std::size_t held_bytes_max = 1 << 20)
      : catch_up(delivery, line, std::move(beginning), held_bytes_max) {}

  Delivery delivery{Feed::stream, TopicFilters({"E_*"})};
  ScriptedLine line;
  CatchUp catch_up;
  Clock::time_point now{std::chrono::hours(1)};

  void live(const Batch& batch) { catch_up.take(stream_message(batch), now); }
  /// All that can be read now.
  Words read() {
    Words out;
    do {
      while (const Message* message = delivery.next()) {
        out.push_back(message->event() != nullptr
                          ? std::string(message->event()->topic) + std::to_string(message->event()->q)
                          : describe(*message));
      }
    } while (catch_up.step(now) || catch_up.take_held(now));
    return out;
  }
  /// Answers the question where everything stands.
  void answer_opening(std::vector<wire::TopicCount> next, std::uint64_t epoch = 7) {
    const wire::ReplayRequest request = line.question();
    CHECK(request.last == 0);
    line.end({.i = request.i, .b = epoch, .next = std::move(next)});
  }
  /// A reader that has read `E_A` up to 4.
  void be_live() {
    catch_up.go(7, now);
    answer_opening({{"E_A", 5}});
    CHECK(read().empty());
  }
};

}  // namespace zevi::test

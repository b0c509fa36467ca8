#include "zevi/wire/control_frame.hpp"

#include "catch.hpp"
#include "random_msgpack.hpp"
#include "seed.hpp"
#include "wire_properties.hpp"
#include "zevi/limits.hpp"
#include "zevi/topic.hpp"
#include "zevi/wire/broker_messages.hpp"
#include "zevi/wire/event_meta_template.hpp"
#include "zevi/wire/publisher_messages.hpp"
#include "zevi/wire/replay_messages.hpp"
#include "zevi/wire/subscriber_messages.hpp"

using namespace zevi;
using wire::DecodeError;

namespace {

template <typename Message>
std::string encoded(const Message& message) {
  std::string frame;
  wire::encode(message, frame);
  return frame;
}

std::vector<std::string> one_of_each() {
  wire::StreamHeader stream;
  stream.b = 5;
  stream.q = 9;
  stream.n = 3;
  stream.r = {{7, "a", 1, 1, 1, "h", ""}, {8, "b", 2, 5, 2, "h", "o"}};
  wire::Welcome welcome;
  welcome.levels = {{"", wire::AckLevel::memory}, {"E_ACC_", wire::AckLevel::synced}};
  wire::Hello hello;
  hello.src = "edge-proxy";
  hello.host = "sip1";
  hello.id = 77;
  return {
      encoded(hello),
      encoded(wire::EventsHeader{"E_CORE_LOG", 3, 9, 2, 4, "o"}),
      encoded(wire::Beat{3, {{"E_CORE_LOG", 3}, {"A", 9}}}),
      encoded(wire::Bye{3, {{"A", 1}}}),
      encoded(welcome),
      encoded(wire::Interest{2, {"E_CORE_", ""}, {{"", true}, {"E_PROFILING_", false}}}),
      encoded(wire::Ack{3, 2, 1}),
      encoded(wire::Ack{3, 2, 1, 400}),
      encoded(wire::Reject{3, "A", 2, "because"}),
      encoded(wire::Who{}),
      encoded(stream),
      encoded(wire::EventMeta{1, 2, 3, 1.5, -4, "s", "h", 5, 6, 7}),
      encoded(wire::Ready{1, 2, 3, {{"E_A", "ipc://a"}}, ""}),
      encoded(wire::ReplayRequest{
          1, {"A", "E_*"}, std::vector<wire::TopicCount>{{"A", 3}}, {{"A", 9}}, 5, 6, 7, 8}),
      encoded(wire::StoredHead{1}),
      encoded(wire::ReplayEnd{
          1, 2, {{"A", 3}}, true, {{"A", 1, 2}}, std::vector<wire::TopicCount>{{"A", 0}}, "why"}),
  };
}

}  // namespace

TEST_CASE("damaged control frames are refused or read, and what is read survives another round") {
  INFO(test::seed_message());
  test::Random random(test::seed());
  for (const std::string& frame : one_of_each()) {
    REQUIRE(test::broken_by_frame(frame) == nullptr);
    for (int round = 0; round < 3000; ++round) {
      std::string damaged = frame;
      test::damage(damaged, random);
      const char* const broken = test::broken_by_frame(damaged);
      if (broken != nullptr) FAIL(broken);
    }
  }
}

TEST_CASE("random maps are no harm to any decoder") {
  INFO(test::seed_message());
  test::Random random(test::seed() + 1);
  for (int round = 0; round < 2000; ++round) {
    std::string frame;
    pack::Writer writer(frame);
    test::put_random_map(writer, random, 3);
    const char* const broken = test::broken_by_frame(frame);
    if (broken != nullptr) FAIL(broken);
  }
}

TEST_CASE("the version is the highest that both ranges hold, or none") {
  CHECK(wire::settle_version(1, 1) == 1);
  CHECK(wire::settle_version(1, 5) == 1);
  CHECK(wire::settle_version(0, 1) == 1);
  CHECK(wire::settle_version(0, wire::id_end - 1) == 1);
  CHECK(wire::settle_version(2, 5) == 0);
  CHECK(wire::settle_version(0, 0) == 0);
}

TEST_CASE(
    "an interest wants a topic that a subscriber's prefix begins, or else what its longest history prefix "
    "says") {
  const wire::Interest interest{
      1, {"E_CORE_LOG", "E_PROFILING_PROC"}, {{"", true}, {"E_PROFILING_", false}, {"E_PROFILING_S", true}}};
  CHECK(interest.wants("E_CORE_LOG2"));
  CHECK(interest.wants("anything"));
  CHECK(interest.wants("E_PROFILING_PROC"));
  CHECK_FALSE(interest.wants("E_PROFILING_OTHER"));
  CHECK(interest.wants("E_PROFILING_SCRIPT"));
  CHECK_FALSE(wire::Interest{1, {"A"}, {}}.wants("B"));
  CHECK(wire::Interest{1, {""}, {}}.wants("B"));
}

TEST_CASE("the longest interest and the longest beat fit their frames") {
  const std::string longest(topic_bytes_max, 'x');
  wire::Interest interest{1, std::vector<std::string_view>(limits::interest_prefixes_max, longest), {}};
  wire::Interest interest_read;
  const std::string interest_frame = encoded(interest);
  CHECK(wire::decode(interest_frame, interest_read) == DecodeError::none);
  CHECK(interest_read == interest);
  wire::Kind kind{};
  CHECK(wire::decode_kind(interest_frame, kind) == DecodeError::none);
  CHECK(kind == wire::Kind::interest);

  wire::Beat beat{wire::id_end - 1,
                  std::vector<wire::TopicCount>(limits::publisher_topics_max, {longest, wire::id_end - 1})};
  wire::Beat beat_read;
  const std::string beat_frame = encoded(beat);
  CHECK(wire::decode(beat_frame, beat_read) == DecodeError::none);
  CHECK(beat_read == beat);
}

TEST_CASE("of every kind a frame of its own limit is read, and one of a byte more is too large") {
  const struct {
    std::string_view kind;
    std::size_t bytes_max;
  } kinds[] = {{"hello", 16 << 10},   {"events", 16 << 10}, {"welcome", 16 << 10}, {"ack", 16 << 10},
               {"reject", 16 << 10},  {"who", 16 << 10},    {"stored", 16 << 10},  {"interest", 256 << 10},
               {"beat", 256 << 10},   {"bye", 256 << 10},   {"replay", 4 << 20},   {"end", 4 << 20},
               {"unknown", 256 << 10}};
  for (const auto& [kind, bytes_max] : kinds) {
    INFO(kind);
    const auto error_of_frame = [&, kind = kind](std::size_t bytes) {
      std::string frame;
      pack::Writer(frame).map(1).text("k").text(kind);
      frame.resize(bytes);  // what stands behind `k` is not looked at
      wire::Kind read{};
      return wire::decode_kind(frame, read);
    };
    CHECK(error_of_frame(bytes_max) == DecodeError::none);
    CHECK(error_of_frame(bytes_max + 1) == DecodeError::too_large);
  }
}

TEST_CASE("the longest question is read, and so is its kind") {
  std::vector<std::string> names;
  for (int i = 0; i < 20'000; ++i) names.push_back(std::string(60, 'x') + std::to_string(i));
  wire::ReplayRequest question{5, {"E_*"}, {}, {}, {}, {}, 1000, 9};
  question.from.emplace();
  for (const std::string& name : names) {
    question.from->push_back({name, wire::id_end - 1});
    question.to.push_back({name, wire::id_end - 1});
  }
  const std::string frame = encoded(question);
  REQUIRE(frame.size() > limits::list_frame_bytes_max);
  REQUIRE(frame.size() < limits::replay_frame_bytes_max);
  wire::Kind kind{};
  CHECK(wire::decode_kind(frame, kind) == DecodeError::none);
  CHECK(kind == wire::Kind::replay);
  wire::ReplayRequest read;
  CHECK(wire::decode(frame, read) == DecodeError::none);
  CHECK(read == question);
}

TEST_CASE("a question that is broken elsewhere still says its number") {
  const auto number = [](auto write) {
    std::string frame;
    write(pack::Writer(frame));
    return wire::question_number(frame);
  };
  CHECK(number([](auto to) { to.map(2).text("t").uint(1).text("i").uint(7); }) == 7);
  CHECK(number([](auto to) { to.map(3).text("i").uint(7).text("t").array(1).text("no topic"); }) == 7);
  CHECK(number([](auto to) { to.map(1).text("i").uint(wire::id_end - 1); }) == wire::id_end - 1);
  CHECK(number([](auto to) { to.map(2).text("i").uint(7).uint(1).uint(2); }) == 7);
  CHECK(number([](auto to) { to.map(2).text("i").array(1).uint(7).text("i").uint(8); }) == 8);
  CHECK(number([](auto to) { to.map(1).text("i").uint(wire::id_end); }) == 0);
  CHECK(number([](auto to) { to.map(1).text("i").text("7"); }) == 0);
  CHECK(number([](auto to) { to.array(2).text("i").uint(7); }) == 0);
  CHECK(wire::question_number("") == 0);
}

TEST_CASE("a header that is used again keeps nothing of the message before") {
  wire::StreamHeader first;
  first.b = 5;
  first.q = 9;
  first.n = 3;
  first.at = 77;
  first.l = 4;
  first.r = {{7, "a", 1, 1, 3, "h", ""}};
  const std::string full = encoded(first);
  std::string least;
  pack::Writer writer(least);
  writer.map(5).text("v").uint(1).text("b").uint(1).text("q").uint(1).text("n").uint(1).text("r").array(1);
  writer.array(7).uint(1).text("").uint(0).uint(1).uint(1).text("").text("");
  wire::StreamHeader header;
  REQUIRE(wire::decode(full, header) == DecodeError::none);
  REQUIRE(wire::decode(least, header) == DecodeError::none);
  CHECK(header.at == 0);
  CHECK(header.l == 0);
  CHECK(header.r.size() == 1);
}

TEST_CASE("every reason to refuse a frame has words of its own") {
  std::vector<std::string_view> seen;
  for (unsigned value = 0; value <= static_cast<unsigned>(DecodeError::out_of_range); ++value) {
    const std::string_view words = wire::describe(static_cast<DecodeError>(value));
    CHECK(words != "unknown error");
    CHECK(std::find(seen.begin(), seen.end(), words) == seen.end());
    seen.push_back(words);
  }
}

TEST_CASE("metas made from a template decode like those encoded one by one, whatever their numbers") {
  constexpr std::uint64_t numbers[] = {1, 127, 128, 65536, std::uint64_t{1} << 32, wire::id_end - 1};
  constexpr std::int64_t times[] = {0, -1, 1776767469200446000, INT64_MIN, INT64_MAX};
  wire::EventMetaTemplate meta_template;
  for (const std::uint64_t number : numbers) {
    for (const std::int64_t time_ns : times) {
      wire::EventMeta meta{number,
                           number,
                           number - 1,
                           static_cast<double>(time_ns) * 1e-9,
                           time_ns,
                           "s",
                           "host",
                           number,
                           wire::id_end - number,
                           number};
      meta_template.begin(meta);
      for (int event = 0; event < 2 && meta.q < wire::id_end; ++event) {
        wire::EventMeta decoded;
        REQUIRE(wire::decode(meta_template.next(meta.q, meta.p, time_ns), decoded) == DecodeError::none);
        CHECK(decoded == meta);
        CHECK(encoded(decoded) == encoded(meta));
        ++meta.q;
        ++meta.p;
      }
    }
  }
}

#include "shim/batches.hpp"

#include "catch.hpp"
#include "open_publisher.hpp"
#include "shim/publisher.hpp"
#include "zevi/limits.hpp"
#include "zevi/wire/body.hpp"

using namespace zevi;
using namespace zevi::shim;

namespace {

std::string text(const zmq::message_t& frame) {
  return frame.to_string();
}

/// The pair `[time, {}]`, or with a text parameter so that the pair has `bytes`.
std::string entry(std::uint64_t time, std::size_t bytes = 0) {
  std::string params = "\x80";
  if (bytes != 0) {
    params = "\x81\xA1t\xDB";
    params.append(4, '\0');
    const auto text_bytes = static_cast<std::uint32_t>(bytes - wire::entry_head_bytes - params.size());
    pack::detail::put_big_endian(reinterpret_cast<std::uint8_t*>(params.data()) + 4, text_bytes);
    params.append(text_bytes, 'x');
  }
  std::string pair(wire::entry_head_bytes, '\x92');
  pair[1] = '\xCF';
  pack::detail::put_big_endian(reinterpret_cast<std::uint8_t*>(pair.data()) + 2, time);
  return pair + params;
}

struct Fixture {
  test::Endpoint endpoint;
  PublisherOptions options = endpoint.options();
  shim::Publisher publisher{check_options(&options)};
  ResendWindow window;
  Batches batches{publisher.topics(), window, ""};

  ~Fixture() { static_cast<void>(publisher.close()); }
  std::size_t open(const std::string& topic) { return publisher.topics().open(topic)->index; }

  wire::EventsHeader header(std::uint64_t s) {
    wire::EventsHeader header;
    REQUIRE(wire::decode(window.at(s).header.to_string_view(), header) == wire::DecodeError::none);
    CHECK(header.s == s);
    CHECK(header.n == window.at(s).events);
    REQUIRE(wire::check_body(window.at(s).body.to_string_view(), header.n));
    return header;
  }
  wire::EventsHeader expected(const char* topic, std::uint64_t s, std::uint64_t p, std::uint32_t n,
                              std::uint64_t d = 0) {
    return {topic, s, p, n, d, ""};
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "events of one topic are one batch, with the bytes they came with") {
  const std::size_t topic = open("E_A");
  batches.append(topic, entry(1));
  batches.append(topic, entry(2, 100));
  CHECK(batches.open_bytes() == wire::body_head_bytes + entry(1).size() + 100);
  CHECK(window.next() == 1);
  batches.close_all();
  CHECK(batches.open_bytes() == 0);
  REQUIRE(window.next() == 2);
  CHECK(header(1) == expected("E_A", 1, 1, 2));
  CHECK(text(window.at(1).body) == std::string("\xDD\0\0\0\x02", 5) + entry(1) + entry(2, 100));
}

TEST_CASE_METHOD(Fixture, "every batch says where its events come from") {
  Batches brought{publisher.topics(), window, "far"};
  brought.append(open("E_A"), entry(1));
  brought.close_all();
  CHECK(header(1).o == "far");
}

TEST_CASE_METHOD(Fixture, "events of several topics are grouped, and each topic numbers its own") {
  const std::size_t a = open("E_A");
  const std::size_t b = open("E_B");
  for (std::uint64_t i = 0; i < 6; ++i) batches.append(i % 3 == 0 ? b : a, entry(i));
  batches.close_all();
  batches.append(b, entry(6));
  batches.append(a, entry(7));
  batches.close_all();
  REQUIRE(window.next() == 5);
  std::uint64_t next_of_a = 1;
  std::uint64_t next_of_b = 1;
  for (std::uint64_t s = 1; s <= 4; ++s) {
    const wire::EventsHeader batch = header(s);
    std::uint64_t& next = batch.t == "E_A" ? next_of_a : next_of_b;
    CHECK(batch.p == next);
    next += batch.n;
  }
  CHECK(next_of_a == 6);
  CHECK(next_of_b == 4);
}

TEST_CASE_METHOD(Fixture, "closing when nothing is open makes no batch") {
  batches.close_all();
  batches.append_drops(open("E_A"), 3);
  batches.close_all();
  CHECK(window.next() == 1);
}

TEST_CASE_METHOD(Fixture,
                 "a drop ends the batch of its topic and takes numbers, and touches no other topic") {
  const std::size_t a = open("E_A");
  const std::size_t b = open("E_B");
  batches.append(a, entry(1));
  batches.append(b, entry(1));
  batches.append_drops(a, 5);
  REQUIRE(window.next() == 2);
  CHECK(header(1) == expected("E_A", 1, 1, 1, 0));
  batches.append(a, entry(2));
  batches.append(b, entry(2));
  batches.close_all();
  REQUIRE(window.next() == 4);
  for (std::uint64_t s = 2; s <= 3; ++s) {
    const wire::EventsHeader batch = header(s);
    CHECK(batch == (batch.t == "E_A" ? expected("E_A", s, 7, 1, 5) : expected("E_B", s, 1, 2, 0)));
  }
}

TEST_CASE_METHOD(Fixture, "a topic that begins with drops has its first event behind them") {
  const std::size_t topic = open("E_A");
  batches.append_drops(topic, 2);
  batches.append_drops(topic, 1);
  batches.append(topic, entry(1));
  batches.close_all();
  CHECK(header(1) == expected("E_A", 1, 4, 1, 3));
}

TEST_CASE_METHOD(Fixture, "a batch ends before it would be larger than a batch may be") {
  const std::size_t topic = open("E_A");
  constexpr std::size_t room = limits::message_bytes_max - wire::body_head_bytes;
  const std::size_t quarter = room / 4;
  // Exactly as much as fits, and then one byte more than fits.
  for (std::uint64_t i = 0; i < 3; ++i) batches.append(topic, entry(i, quarter));
  batches.append(topic, entry(3, room - 3 * quarter));
  CHECK(window.next() == 1);
  for (std::uint64_t i = 0; i < 3; ++i) batches.append(topic, entry(i, quarter));
  REQUIRE(window.next() == 2);
  batches.append(topic, entry(3, room - 3 * quarter + 1));
  REQUIRE(window.next() == 3);
  batches.close_all();
  CHECK(window.at(1).body.size() == limits::message_bytes_max);
  CHECK(header(1) == expected("E_A", 1, 1, 4));
  CHECK(header(2) == expected("E_A", 2, 5, 3));
  CHECK(header(3) == expected("E_A", 3, 8, 1));
}

TEST_CASE_METHOD(Fixture, "as many topics as a publisher may have each get their own batch and numbers") {
  for (std::size_t i = 0; i < limits::publisher_topics_max; ++i) REQUIRE(open("E_" + std::to_string(i)) == i);
  for (std::uint64_t round = 0; round < 2; ++round) {
    // Backwards, so that the first topic is the last to be known.
    for (std::size_t i = limits::publisher_topics_max; i-- > 0;) batches.append(i, entry(i));
    batches.close_all();
  }
  REQUIRE(window.next() == 1 + 2 * limits::publisher_topics_max);
  std::vector<std::uint64_t> next(limits::publisher_topics_max, 1);
  for (std::uint64_t s = 1; s < window.next(); ++s) {
    const wire::EventsHeader batch = header(s);
    const std::size_t index = std::stoul(std::string(batch.t.substr(2)));
    if (batch.p != next.at(index)++ || batch.n != 1) FAIL("batch " << s << " is numbered " << batch.p);
  }
}

TEST_CASE_METHOD(Fixture, "changed drops are told once, and all of them again when that is asked for") {
  using Counts = std::vector<wire::TopicCount>;
  const std::size_t a = open("E_A");
  const std::size_t b = open("E_B");
  const std::size_t c = open("E_C");
  batches.append(c, entry(1));
  CHECK(batches.changed_drops().empty());
  batches.append_drops(b, 2);
  batches.append_drops(a, 1);
  CHECK(batches.changed_drops() == Counts{{"E_A", 1}, {"E_B", 2}});
  CHECK(batches.changed_drops().empty());
  batches.append_drops(b, 3);
  CHECK(batches.changed_drops() == Counts{{"E_B", 5}});
  batches.report_all_drops();
  CHECK(batches.changed_drops() == Counts{{"E_A", 1}, {"E_B", 5}});
  CHECK(batches.changed_drops().empty());
}

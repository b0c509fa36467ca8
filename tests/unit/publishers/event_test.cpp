#include <cstring>
#include <limits>
#include <thread>

#include "catch.hpp"
#include "conversation.hpp"
#include "shim/publisher.hpp"

using namespace zevi;

namespace {

using namespace std::string_literals;

struct Fixture : test::Conversation {
  zevi_topic* topic = nullptr;
  zevi_event event;

  Fixture() {
    // What is on the stack before an event is begun must not matter.
    std::memset(&event, 0xA5, sizeof event);
    begin();
    topic = publisher->topic("E_TEST").handle();
  }

  /// The parameter map of the next event that arrives.
  std::string sent() {
    const test::SentBatch batch = broker->expect_batch();
    broker->ack(batch.s);
    REQUIRE(batch.n == 1);
    return batch.events[0].params;
  }

  template <typename Put>
  std::string map_of(Put put) {
    REQUIRE(zevi_event_begin(topic, 1, &event) == ZEVI_OK);
    put(&event);
    REQUIRE(zevi_event_commit(&event) == ZEVI_OK);
    return sent();
  }
  std::string map_of_int(std::int64_t value) {
    return map_of([&](zevi_event* at) { zevi_put_int(at, "i", value); });
  }
  std::string map_of_uint(std::uint64_t value) {
    return map_of([&](zevi_event* at) { zevi_put_uint(at, "i", value); });
  }
  std::string map_of_string(std::string_view value) {
    return map_of([&](zevi_event* at) { zevi_put_string(at, "t", value.data(), value.size()); });
  }
  std::string map_of_bytes(std::string_view value) {
    return map_of([&](zevi_event* at) { zevi_put_bytes(at, "b", value.data(), value.size()); });
  }
};

/// `count` parameters named by their number, each with its number as value; and the bytes that they make.
std::string numbered_parameters(zevi_event* event, int count, const std::string& head) {
  std::string expected = head;
  for (int i = 0; i < count; ++i) {
    const std::string name = std::to_string(i);
    zevi_put_bool(event, name.c_str(), i % 2);
    expected += static_cast<char>(0xA0 | name.size());
    expected += name;
    expected += i % 2 == 1 ? '\xC3' : '\xC2';
  }
  return expected;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "integers take their shortest form") {
  CHECK(map_of_int(0) == "\x81\xA1i\0"s);
  CHECK(map_of_int(127) == "\x81\xA1i\x7F"s);
  CHECK(map_of_int(128) == "\x81\xA1i\xCC\x80"s);
  CHECK(map_of_int(-1) == "\x81\xA1i\xFF"s);
  CHECK(map_of_int(-32) == "\x81\xA1i\xE0"s);
  CHECK(map_of_int(-33) == "\x81\xA1i\xD0\xDF"s);
  CHECK(map_of_int(-129) == "\x81\xA1i\xD1\xFF\x7F"s);
  CHECK(map_of_int(-32769) == "\x81\xA1i\xD2\xFF\xFF\x7F\xFF"s);
  CHECK(map_of_int(std::numeric_limits<std::int64_t>::min()) == "\x81\xA1i\xD3\x80\0\0\0\0\0\0\0"s);
  CHECK(map_of_int(std::numeric_limits<std::int64_t>::max()) ==
        "\x81\xA1i\xCF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s);
  CHECK(map_of_uint(255) == "\x81\xA1i\xCC\xFF"s);
  CHECK(map_of_uint(256) == "\x81\xA1i\xCD\x01\0"s);
  CHECK(map_of_uint(65'536) == "\x81\xA1i\xCE\0\x01\0\0"s);
  CHECK(map_of_uint(std::numeric_limits<std::uint64_t>::max()) ==
        "\x81\xA1i\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s);
}

TEST_CASE_METHOD(Fixture, "numbers with a point, booleans and nil have one form each") {
  CHECK(map_of([](zevi_event* at) { zevi_put_double(at, "d", 1.5); }) ==
        "\x81\xA1"
        "d\xCB\x3F\xF8\0\0\0\0\0\0"s);
  CHECK(map_of([](zevi_event* at) { zevi_put_bool(at, "b", 0); }) ==
        "\x81\xA1"
        "b\xC2"s);
  CHECK(map_of([](zevi_event* at) { zevi_put_bool(at, "b", 7); }) ==
        "\x81\xA1"
        "b\xC3"s);
  CHECK(map_of([](zevi_event* at) { zevi_put_nil(at, "n"); }) == "\x81\xA1n\xC0"s);
}

TEST_CASE_METHOD(Fixture, "text is a string of the shortest head") {
  CHECK(map_of_string("") == "\x81\xA1t\xA0"s);
  CHECK(map_of_string({}) == "\x81\xA1t\xA0"s);
  CHECK(map_of_string("a\0b"s) ==
        "\x81\xA1t\xA3"
        "a\0b"s);
  CHECK(map_of_string(std::string(31, 'x')) == "\x81\xA1t\xBF" + std::string(31, 'x'));
  CHECK(map_of_string(std::string(32, 'x')) == "\x81\xA1t\xD9\x20" + std::string(32, 'x'));
  CHECK(map_of_string(std::string(256, 'x')) == "\x81\xA1t\xDA\x01\0"s + std::string(256, 'x'));
  CHECK(map_of_string("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80") ==
        "\x81\xA1t\xA9\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"s);
  CHECK(map_of([](zevi_event* at) { zevi_put_string(at, "t", "four", ZEVI_NUL_TERMINATED); }) ==
        "\x81\xA1t\xA4"
        "four"s);
}

TEST_CASE_METHOD(Fixture, "text that is not UTF-8 is sent as bytes, and so is a name") {
  CHECK(map_of_string("\xFF") == "\x81\xA1t\xC4\x01\xFF"s);
  CHECK(map_of_string("caf\xE9") ==
        "\x81\xA1t\xC4\x04"
        "caf\xE9"s);
  CHECK(map_of_string("\xED\xA0\x80") == "\x81\xA1t\xC4\x03\xED\xA0\x80"s);
  CHECK(map_of_string("\xE2\x82") == "\x81\xA1t\xC4\x02\xE2\x82"s);
  const std::string long_text = "\x80" + std::string(299, 'x');
  CHECK(map_of_string(long_text) == "\x81\xA1t\xC5\x01\x2C"s + long_text);
  CHECK(map_of([](zevi_event* at) { zevi_put_nil(at, "\xFE"); }) == "\x81\xC4\x01\xFE\xC0"s);
}

TEST_CASE_METHOD(Fixture, "bytes are bytes, UTF-8 or not") {
  CHECK(map_of_bytes("") ==
        "\x81\xA1"
        "b\xC4\0"s);
  CHECK(map_of_bytes("abc") ==
        "\x81\xA1"
        "b\xC4\x03"
        "abc"s);
  CHECK(map_of_bytes("\xFF\0"s) ==
        "\x81\xA1"
        "b\xC4\x02\xFF\0"s);
  CHECK(map_of_bytes(std::string(70, 'x')) ==
        "\x81\xA1"
        "b\xC4\x46" +
            std::string(70, 'x'));
  CHECK(map_of_bytes(std::string(256, 'x')) ==
        "\x81\xA1"
        "b\xC5\x01\0"s +
            std::string(256, 'x'));
}

TEST_CASE_METHOD(Fixture, "the head of the map has its shortest form for any number of parameters") {
  const auto check = [&](int count, const std::string& head) {
    std::string expected;
    const std::string map = map_of([&](zevi_event* at) { expected = numbered_parameters(at, count, head); });
    CHECK(map == expected);
  };
  check(0, "\x80");
  check(1, "\x81");
  check(15, "\x8F");
  check(16, "\xDE\0\x10"s);
  check(1000, "\xDE\x03\xE8");
}

TEST_CASE_METHOD(Fixture, "an event has the time that it was given, or the moment of its beginning") {
  const auto time_of = [&](std::int64_t time_ns) {
    REQUIRE(zevi_event_begin(topic, time_ns, &event) == ZEVI_OK);
    REQUIRE(zevi_event_commit(&event) == ZEVI_OK);
    const test::SentBatch batch = broker->expect_batch();
    broker->ack(batch.s);
    return batch.events.at(0).time_ns;
  };
  for (const std::int64_t time :
       {std::int64_t{1}, std::int64_t{1'776'767'469'200'446'000}, std::int64_t{-1},
        std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    CHECK(time_of(time) == time);
  }
  const auto now = [] {
    return std::chrono::system_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  };
  const std::int64_t before = now();
  const std::int64_t between = time_of(0);
  CHECK(before <= between);
  CHECK(between <= now());
}

TEST_CASE_METHOD(Fixture, "the builder writes what the C functions write, and leaves absent values out") {
  const std::byte bytes[] = {std::byte{1}, std::byte{0xFF}};
  const Topic built = publisher->topic("E_TEST");
  CHECK(built.event()
            .put("i", -1)
            .put("u", 200U)
            .put("c", static_cast<unsigned char>(7))
            .put("d", 0.0)
            .put("b", true)
            .put("n", nullptr)
            .put("s", "text")
            .put("v", "vi\0ew"s)
            .put("x", std::span<const std::byte>(bytes))
            .put("a", std::optional<int>())
            .put("o", std::optional<std::string>("o"))
            .commit() == Status::ok);
  CHECK(sent() ==
        "\x8A\xA1i\xFF\xA1u\xCC\xC8\xA1"
        "c\x07\xA1"
        "d\xCB\0\0\0\0\0\0\0\0\xA1"
        "b\xC3\xA1n\xC0\xA1s\xA4text"
        "\xA1v\xA5vi\0ew\xA1x\xC4\x02\x01\xFF\xA1o\xA1o"s);
}

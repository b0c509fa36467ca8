#include <cstring>

#include "catch.hpp"
#include "conversation.hpp"
#include "zevi/limits.hpp"

using namespace zevi;

namespace {

using namespace std::string_literals;

constexpr std::size_t largest = limits::event_bytes_max;

struct Fixture : test::Conversation {
  zevi_topic* topic = nullptr;
  zevi_event event;

  Fixture() {
    begin();
    topic = publisher->topic("E_TEST").handle();
  }

  void begin_event() { REQUIRE(zevi_event_begin(topic, 1, &event) == ZEVI_OK); }
  void put_text(const char* name, std::size_t bytes) {
    const std::string text(bytes, 'x');
    zevi_put_string(&event, name, text.data(), text.size());
  }
  /// The map of the next event that arrives. All events that were not kept have numbers.
  std::string sent(std::uint64_t p) {
    const test::SentBatch batch = broker->expect_batch();
    REQUIRE(batch.n == 1);
    CHECK(batch.p == p);
    return batch.events[0].params;
  }
  std::uint64_t dropped() { return publisher->statistics().dropped; }

  zevi_status publish_encoded(const std::string& map) {
    return zevi_publish_encoded(topic, 1, map.data(), map.size());
  }
};

/// A map of `bytes` with one text.
std::string map_of(std::size_t bytes) {
  std::string map = "\x81\xA1t\xDA";
  const std::size_t text_bytes = bytes - 6;
  map += static_cast<char>(text_bytes >> 8);
  map += static_cast<char>(text_bytes & 0xFF);
  return map + std::string(text_bytes, 'x');
}

}  // namespace

TEST_CASE_METHOD(Fixture, "an event may be as large as the limit and not one byte larger") {
  // The head of the map, the name's two bytes, the text's head of three.
  begin_event();
  put_text("t", largest - 6);
  CHECK(zevi_event_commit(&event) == ZEVI_OK);
  CHECK(sent(1) == map_of(largest));
  begin_event();
  put_text("t", largest - 5);
  CHECK(zevi_event_commit(&event) == ZEVI_TOO_LARGE);
  CHECK(dropped() == 1);
  begin_event();
  CHECK(zevi_event_commit(&event) == ZEVI_OK);
  CHECK(sent(3) == "\x80");
}

TEST_CASE_METHOD(Fixture,
                 "an event that grew too large stays so, whatever is put behind, and is counted once") {
  const auto check = [&](auto put, std::uint64_t total) {
    begin_event();
    put();
    zevi_put_int(&event, "i", 1);
    CHECK(zevi_event_commit(&event) == ZEVI_TOO_LARGE);
    CHECK(dropped() == total);
  };
  check([&] { put_text("t", largest + 1); }, 1);
  check([&] { put_text("t", 10'000'000); }, 2);
  check([&] { zevi_put_nil(&event, std::string(largest + 1, 'n').c_str()); }, 3);
  check([&] { zevi_put_nil(&event, std::string(largest, 'n').c_str()); }, 4);
  check([&] { zevi_put_bytes(&event, "b", std::string(largest + 1, 'b').data(), largest + 1); }, 5);
  check(
      [&] {
        for (int i = 0; i < 100; ++i) put_text("t", 1000);
      },
      6);
  check(
      [&] {
        for (int i = 0; i < 50'000; ++i) zevi_put_nil(&event, "n");
      },
      7);
  // Sizes that are no sizes.
  check([&] { zevi_put_string(&event, "t", "x", std::size_t{1} << 63); }, 8);
  check([&] { zevi_put_bytes(&event, "t", "x", ~std::size_t{0}); }, 9);
  begin_event();
  CHECK(zevi_event_commit(&event) == ZEVI_OK);
  CHECK(sent(10) == "\x80");
}

TEST_CASE_METHOD(Fixture, "an event of very many small parameters arrives whole") {
  constexpr std::size_t parameters = 21'000;
  begin_event();
  std::string expected = "\xDE\x52\x08";
  for (std::size_t i = 0; i < parameters; ++i) {
    zevi_put_nil(&event, "n");
    expected += "\xA1n\xC0";
  }
  REQUIRE(zevi_event_commit(&event) == ZEVI_OK);
  CHECK(sent(1) == expected);
}

TEST_CASE_METHOD(Fixture, "a map that the caller writes is sent as it was written") {
  std::uint8_t* at = nullptr;
  REQUIRE(zevi_map_begin(topic, 1, 100, &event, &at) == ZEVI_OK);
  REQUIRE(at != nullptr);
  std::memcpy(at, "\x81\xA1i\x07", 4);
  CHECK(zevi_map_commit(&event, at + 4) == ZEVI_OK);
  CHECK(sent(1) == "\x81\xA1i\x07");
  const std::string map = map_of(largest);
  REQUIRE(zevi_map_begin(topic, 1, map.size(), &event, &at) == ZEVI_OK);
  std::memcpy(at, map.data(), map.size());
  CHECK(zevi_map_commit(&event, at + map.size()) == ZEVI_OK);
  CHECK(sent(2) == map);
}

TEST_CASE_METHOD(Fixture, "a map's end lies within the room that was asked for") {
  std::uint8_t* at = nullptr;
  std::uint64_t refused = 0;
  const auto check = [&](std::ptrdiff_t end, zevi_status expected) {
    REQUIRE(zevi_map_begin(topic, 1, 10, &event, &at) == ZEVI_OK);
    std::memset(at, '\xC0', 10);
    at[0] = 0x80;
    CHECK(zevi_map_commit(&event, at + end) == expected);
    refused += expected == ZEVI_INVALID;
    CHECK(dropped() == refused);
  };
  check(1, ZEVI_OK);
  check(0, ZEVI_INVALID);
  check(-1, ZEVI_INVALID);
  check(11, ZEVI_INVALID);
  REQUIRE(zevi_map_begin(topic, 1, 10, &event, &at) == ZEVI_OK);
  CHECK(zevi_map_commit(&event, nullptr) == ZEVI_INVALID);
  CHECK(dropped() == 4);
}

TEST_CASE_METHOD(Fixture, "room for a map that no event may have is refused") {
  std::uint8_t* at = nullptr;
  CHECK(zevi_map_begin(topic, 1, 2 * largest, &event, &at) == ZEVI_TOO_LARGE);
  CHECK(at == nullptr);
  CHECK(zevi_map_commit(&event, at) == ZEVI_TOO_LARGE);
  CHECK(zevi_map_begin(topic, 1, ~std::size_t{0}, &event, &at) == ZEVI_TOO_LARGE);
  zevi_event_cancel(&event);
  CHECK(dropped() == 2);
  // An upper bound may be somewhat above the limit, what is written may not.
  REQUIRE(zevi_map_begin(topic, 1, largest + 1, &event, &at) == ZEVI_OK);
  std::memset(at, 0, largest + 1);
  CHECK(zevi_map_commit(&event, at + largest + 1) == ZEVI_TOO_LARGE);
  CHECK(dropped() == 3);
}

TEST_CASE_METHOD(Fixture, "the two ways to write an event are not mixed") {
  std::uint8_t* at = nullptr;
  REQUIRE(zevi_map_begin(topic, 1, 10, &event, &at) == ZEVI_OK);
  zevi_put_int(&event, "i", 1);
  CHECK(zevi_map_commit(&event, at + 1) == ZEVI_INVALID);
  REQUIRE(zevi_map_begin(topic, 1, 10, &event, &at) == ZEVI_OK);
  CHECK(zevi_event_commit(&event) == ZEVI_INVALID);
  begin_event();
  zevi_put_int(&event, "i", 1);
  CHECK(zevi_map_commit(&event, at + 1) == ZEVI_INVALID);
  CHECK(dropped() == 3);
  REQUIRE(zevi_map_begin(topic, 1, 10, &event, &at) == ZEVI_OK);
  zevi_event_cancel(&event);
  CHECK(dropped() == 3);
}

TEST_CASE_METHOD(Fixture, "an encoded map is sent as it is if it is one event's parameters") {
  CHECK(publish_encoded("\x80") == ZEVI_OK);
  CHECK(sent(1) == "\x80");
  CHECK(publish_encoded("\x81\xA1m\x81\xA1l\x92\x01\xC0"s) == ZEVI_OK);
  CHECK(sent(2) == "\x81\xA1m\x81\xA1l\x92\x01\xC0"s);
  CHECK(publish_encoded(map_of(largest)) == ZEVI_OK);
  CHECK(sent(3) == map_of(largest));
}

TEST_CASE_METHOD(Fixture, "an encoded map that is no event's parameters is refused and counted") {
  const std::string deep(16, '\x91');
  const std::string invalid[] = {"",
                                 "\x81",
                                 "\x81\xA1i",
                                 "\x80\x80",
                                 "\x90",
                                 "\x01",
                                 "\x81\x01\x01",
                                 "\x81\xA1t\xA1\xFF",
                                 "\x81\xA1t\xD4\x01\x01",
                                 "\x81\xA1t\xC1",
                                 "\xDF\xFF\xFF\xFF\xFF",
                                 "\x81\xA1"
                                 "d" +
                                     deep + "\x01"};
  std::uint64_t refused = 0;
  for (const std::string& map : invalid) {
    CHECK(publish_encoded(map) == ZEVI_INVALID);
    CHECK(dropped() == ++refused);
  }
  CHECK(publish_encoded(map_of(largest + 1)) == ZEVI_TOO_LARGE);
  CHECK(publish_encoded(std::string(10'000'000, '\x80')) == ZEVI_TOO_LARGE);
  CHECK(dropped() == refused + 2);
  CHECK(publish_encoded("\x80") == ZEVI_OK);
  CHECK(sent(refused + 3) == "\x80");
}

TEST_CASE_METHOD(Fixture, "the builder takes a null text for what it is, an invalid event") {
  const char* const none = nullptr;
  CHECK(publisher->topic("E_TEST").event().put("t", none).commit() == Status::invalid);
  CHECK(dropped() == 1);
}

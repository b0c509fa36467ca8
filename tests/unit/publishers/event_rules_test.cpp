#include <cstring>
#include <thread>

#include "catch.hpp"
#include "conversation.hpp"

using namespace zevi;

namespace {

struct Fixture : test::Conversation {
  zevi_topic* topic = nullptr;
  zevi_topic* other_topic = nullptr;
  zevi_event event;

  Fixture() {
    std::memset(&event, 0xA5, sizeof event);
    begin();
    topic = publisher->topic("E_TEST").handle();
    other_topic = publisher->topic("E_OTHER").handle();
  }

  zevi_status publish(std::int64_t number) {
    zevi_event record;
    const zevi_status begun = zevi_event_begin(topic, 1, &record);
    zevi_put_int(&record, "i", number);
    const zevi_status committed = zevi_event_commit(&record);
    CHECK(begun == committed);
    return committed;
  }

  std::uint64_t dropped() { return publisher->statistics().dropped; }
  std::uint64_t published() { return publisher->statistics().published; }

  /// Publishes an event, which must arrive as the only one, with this number in its topic.
  void check_next_number(std::uint64_t p) {
    CHECK(publish(1) == ZEVI_OK);
    const test::SentBatch batch = broker->expect_batch();
    CHECK(batch.n == 1);
    CHECK(batch.p == p);
    CHECK(batch.d == p - 1);
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a cancelled event is as if it had never begun") {
  REQUIRE(zevi_event_begin(topic, 0, &event) == ZEVI_OK);
  zevi_put_int(&event, "i", 1);
  zevi_event_cancel(&event);
  CHECK(zevi_event_commit(&event) == ZEVI_INVALID);
  zevi_event_cancel(&event);
  CHECK(published() == 0);
  check_next_number(1);
  CHECK(dropped() == 0);
}

TEST_CASE_METHOD(Fixture, "a builder that goes out of scope without commit cancels its event") {
  { EventBuilder left = publisher->topic("E_TEST").event(); }
  check_next_number(1);
}

TEST_CASE_METHOD(Fixture,
                 "a second event in a thread that has one open is refused and counted, the first goes on") {
  REQUIRE(zevi_event_begin(topic, 1, &event) == ZEVI_OK);
  CHECK(publish(2) == ZEVI_INVALID);
  zevi_event second;
  CHECK(zevi_event_begin(other_topic, 1, &second) == ZEVI_INVALID);
  CHECK(zevi_event_commit(&second) == ZEVI_INVALID);
  CHECK(zevi_publish_encoded(other_topic, 1, "\x80", 1) == ZEVI_INVALID);
  CHECK(dropped() == 3);
  zevi_put_int(&event, "i", 7);
  CHECK(zevi_event_commit(&event) == ZEVI_OK);
  CHECK(broker->expect_batch().events.at(0).params == "\x81\xA1i\x07");
  CHECK(publish(3) == ZEVI_OK);
  CHECK(published() == 2);
}

TEST_CASE_METHOD(Fixture, "an event that is begun again forgets what it held, and its thread can go on") {
  REQUIRE(zevi_event_begin(topic, 1, &event) == ZEVI_OK);
  zevi_put_int(&event, "left", 1);
  REQUIRE(zevi_event_begin(topic, 1, &event) == ZEVI_OK);
  zevi_put_int(&event, "i", 7);
  CHECK(zevi_event_commit(&event) == ZEVI_OK);
  CHECK(broker->expect_batch().events.at(0).params == "\x81\xA1i\x07");
  CHECK(publish(3) == ZEVI_OK);
  CHECK(dropped() == 0);
}

TEST_CASE_METHOD(Fixture, "an event is committed once") {
  REQUIRE(zevi_event_begin(topic, 1, &event) == ZEVI_OK);
  CHECK(zevi_event_commit(&event) == ZEVI_OK);
  CHECK(zevi_event_commit(&event) == ZEVI_INVALID);
  CHECK(zevi_map_commit(&event, nullptr) == ZEVI_INVALID);
  // What is put behind the commit goes nowhere.
  zevi_put_string(&event, "t", "text", ZEVI_NUL_TERMINATED);
  zevi_event_cancel(&event);
  CHECK(published() == 1);
  CHECK(dropped() == 0);
  CHECK(broker->expect_batch().events.at(0).params == "\x80");
}

TEST_CASE_METHOD(Fixture, "two publishers in one thread have an open event each") {
  test::Conversation second;
  second.begin();
  zevi_event another;
  REQUIRE(zevi_event_begin(topic, 1, &event) == ZEVI_OK);
  REQUIRE(zevi_event_begin(second.publisher->topic("E_TEST").handle(), 1, &another) == ZEVI_OK);
  zevi_put_int(&event, "i", 1);
  zevi_put_int(&another, "i", 2);
  CHECK(zevi_event_commit(&event) == ZEVI_OK);
  CHECK(zevi_event_commit(&another) == ZEVI_OK);
  CHECK(broker->expect_batch().events.at(0).params == "\x81\xA1i\x01");
  CHECK(second.broker->expect_batch().events.at(0).params == "\x81\xA1i\x02");
}

TEST_CASE_METHOD(Fixture, "a null handle is refused, and a null event ignored") {
  CHECK(zevi_event_begin(nullptr, 0, &event) == ZEVI_INVALID);
  zevi_put_int(&event, "i", 1);
  CHECK(zevi_event_commit(&event) == ZEVI_INVALID);
  zevi_event_cancel(&event);
  CHECK(zevi_event_begin(topic, 0, nullptr) == ZEVI_INVALID);
  zevi_put_int(nullptr, "i", 1);
  zevi_put_uint(nullptr, "i", 1);
  zevi_put_double(nullptr, "d", 1);
  zevi_put_bool(nullptr, "b", 1);
  zevi_put_nil(nullptr, "n");
  zevi_put_string(nullptr, "s", "", 0);
  zevi_put_bytes(nullptr, "s", "", 0);
  CHECK(zevi_event_commit(nullptr) == ZEVI_INVALID);
  zevi_event_cancel(nullptr);
  CHECK(zevi_enabled(nullptr) == 0);
  CHECK(zevi_suppress(nullptr) == ZEVI_INVALID);
  std::uint8_t* at = nullptr;
  CHECK(zevi_map_begin(nullptr, 0, 10, &event, &at) == ZEVI_INVALID);
  CHECK(zevi_map_commit(&event, at) == ZEVI_INVALID);
  CHECK(zevi_map_begin(topic, 0, 10, nullptr, &at) == ZEVI_INVALID);
  CHECK(zevi_map_begin(topic, 0, 10, &event, nullptr) == ZEVI_INVALID);
  CHECK(zevi_map_commit(nullptr, at) == ZEVI_INVALID);
  CHECK(zevi_publish_encoded(nullptr, 0, "\x80", 1) == ZEVI_INVALID);
  CHECK(zevi_publish_encoded(topic, 0, nullptr, 1) == ZEVI_INVALID);
  CHECK(zevi_publisher_flush(nullptr, 0, nullptr) == ZEVI_INVALID);
  CHECK(zevi_publisher_close(nullptr) == ZEVI_OK);
  Statistics statistics{};
  CHECK(zevi_publisher_statistics(nullptr, &statistics) == ZEVI_INVALID);
  CHECK(zevi_publisher_statistics(publisher->handle(), nullptr) == ZEVI_INVALID);
  CHECK(zevi_publisher_statistics(publisher->handle(), &statistics) == ZEVI_INVALID);  // size 0
  zevi_publisher_options_init(nullptr);
  check_next_number(1);
}

TEST_CASE_METHOD(Fixture, "a null name or value makes the event invalid, and it is counted") {
  const auto status_of = [&](auto put) {
    REQUIRE(zevi_event_begin(topic, 1, &event) == ZEVI_OK);
    zevi_put_int(&event, "i", 1);
    put();
    zevi_put_int(&event, "i", 2);
    return zevi_event_commit(&event);
  };
  CHECK(status_of([&] { zevi_put_int(&event, nullptr, 1); }) == ZEVI_INVALID);
  CHECK(status_of([&] { zevi_put_string(&event, "s", nullptr, 3); }) == ZEVI_INVALID);
  CHECK(status_of([&] { zevi_put_string(&event, "s", nullptr, ZEVI_NUL_TERMINATED); }) == ZEVI_INVALID);
  CHECK(status_of([&] { zevi_put_bytes(&event, "s", nullptr, 3); }) == ZEVI_INVALID);
  CHECK(dropped() == 4);
  check_next_number(5);
}

TEST_CASE_METHOD(Fixture, "topics are checked, and the same name gives the same handle") {
  const auto status_of = [&](const char* name, std::size_t bytes = ZEVI_NUL_TERMINATED) {
    zevi_topic* opened = topic;
    const zevi_status status = zevi_topic_open(publisher->handle(), name, bytes, &opened);
    CHECK((opened != nullptr) == (status == ZEVI_OK));
    return status;
  };
  CHECK(status_of("a-B_0.9") == ZEVI_OK);
  CHECK(status_of(std::string(128, 'x').c_str()) == ZEVI_OK);
  CHECK(status_of(std::string(129, 'x').c_str()) == ZEVI_INVALID);
  CHECK(status_of("") == ZEVI_INVALID);
  CHECK(status_of("E_A", 0) == ZEVI_INVALID);
  CHECK(status_of("E A") == ZEVI_INVALID);
  CHECK(status_of("E_\xC3\xA4") == ZEVI_INVALID);
  CHECK(status_of("E_ZEVI_DROPPED") == ZEVI_INVALID);
  CHECK(status_of(nullptr) == ZEVI_INVALID);
  CHECK(zevi_topic_open(nullptr, "E_A", 3, &topic) == ZEVI_INVALID);
  CHECK(zevi_topic_open(publisher->handle(), "E_A", 3, nullptr) == ZEVI_INVALID);
  CHECK(publisher->topic("E_TEST").handle() ==
        publisher->topic(std::string_view("E_TESTED").substr(0, 6)).handle());
  for (int i = 0; i < 1024; ++i) static_cast<void>(status_of(("E_" + std::to_string(i)).c_str()));
  CHECK(status_of("E_ONE_TOO_MANY") == ZEVI_NO_MEMORY);
  CHECK_THROWS_AS(publisher->topic("E_ONE_TOO_MANY"), Error);
  CHECK_THROWS_WITH(publisher->topic("E ?"), contains_text("1 to 128 bytes"));
}

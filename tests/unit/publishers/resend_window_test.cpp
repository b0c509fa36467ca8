#include "shim/resend_window.hpp"

#include "catch.hpp"

using namespace zevi;
using namespace zevi::shim;

namespace {

Batch batch(std::uint32_t events, std::size_t body_bytes) {
  Batch made;
  made.events = events;
  made.header = zmq::message_t(std::string_view("header"));
  made.body = zmq::message_t(body_bytes);
  return made;
}

}  // namespace

TEST_CASE("a window numbers batches from 1 without gaps and gives them back oldest first") {
  ResendWindow window;
  CHECK(window.first() == 1);
  CHECK(window.next() == 1);
  for (std::uint32_t i = 1; i <= 5; ++i) {
    window.push(batch(i, i));
    CHECK(window.next() == i + 1);
  }
  for (std::uint32_t i = 1; i <= 5; ++i) CHECK(window.at(i).events == i);
  CHECK(window.pop().events == 1);
  CHECK(window.pop().events == 2);
  CHECK(window.first() == 3);
  CHECK(window.next() == 6);
  CHECK(window.at(3).events == 3);
  window.push(batch(6, 6));
  CHECK(window.at(6).events == 6);
}

TEST_CASE("a window weighs what it holds, small batches by more than their bytes") {
  ResendWindow window;
  const std::size_t small = batch(1, 10).charge();
  CHECK(small > 16);
  window.push(batch(1, 10));
  window.push(batch(1, 1000));
  CHECK(window.bytes() == 2 * small + 990);
  static_cast<void>(window.pop());
  CHECK(window.bytes() == small + 990);
  static_cast<void>(window.pop());
  CHECK(window.bytes() == 0);
}

TEST_CASE("a window that was emptied goes on with the next number") {
  ResendWindow window;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    window.push(batch(1, 1));
    CHECK(window.first() == i);
    static_cast<void>(window.pop());
    CHECK(window.first() == window.next());
  }
  CHECK(window.next() == 1001);
}

TEST_CASE("a topic's level of acknowledgement is that of the longest prefix that begins it") {
  using enum wire::AckLevel;
  CHECK(AckLevels().of("E_A") == memory);
  CHECK(AckLevels(std::vector<wire::PrefixLevel>{}).of("E_A") == memory);
  const AckLevels levels(
      {{"E_", written}, {"E_CDR_", synced}, {"E_CDR_TEST_", memory}, {"E_CDR_TEST_KEPT", written}});
  CHECK(levels.of("E_CORE_LOG") == written);
  CHECK(levels.of("E_CDR_") == synced);
  CHECK(levels.of("E_CDR_CALL") == synced);
  CHECK(levels.of("E_CDR_TEST_1") == memory);
  CHECK(levels.of("E_CDR_TEST_KEPT") == written);
  CHECK(levels.of("E_CDR") == written);
  CHECK(levels.of("X") == memory);
  CHECK(AckLevels({{"", synced}}).of("X") == synced);
}

TEST_CASE("levels of acknowledgement outlive the frame that named them") {
  std::string frame = "E_CDR_, long enough to be no short string";
  const AckLevels levels({{frame, wire::AckLevel::synced}});
  frame.assign(frame.size(), 'X');
  CHECK(levels.of("E_CDR_, long enough to be no short string at all") == wire::AckLevel::synced);
}

#include "rabbitmq/confirms.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>
#include <vector>

namespace zevi::bridges {

namespace {

/// Four messages on their way.
struct Sending {
  std::array<Outgoing, 4> messages;
  Confirms confirms;

  Sending() {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      messages[i].number = 10 + i;
      messages[i].id = std::string(1, static_cast<char>('a' + i));
      confirms.add(messages[i]);
    }
  }

  std::string confirm(std::uint64_t number, bool is_multiple) {
    std::string ids;
    for (const Confirms::Entry& entry : confirms.confirm(number, is_multiple)) {
      ids += entry.message->id;
      if (entry.is_returned) ids += '!';
    }
    return ids;
  }
};

}  // namespace

TEST_CASE("a confirm is of one message, or of all up to it, and counts when all before it are confirmed") {
  Sending sending;
  CHECK(sending.confirm(2, false).empty());
  CHECK(sending.confirm(1, false) == "ab");
  CHECK(sending.confirm(3, true) == "c");
  CHECK(sending.confirm(0, true) == "d");
  CHECK(sending.confirms.empty());
}

TEST_CASE("a confirm of what is not on its way is nothing") {
  Sending sending;
  CHECK(sending.confirm(5, false).empty());
  CHECK(sending.confirm(0, false).empty());
  CHECK(sending.confirm(1, false) == "a");
  CHECK(sending.confirm(1, false).empty());
  CHECK(sending.confirm(1, true).empty());
  CHECK(sending.confirm(~std::uint64_t{0}, true) == "bcd");
}

TEST_CASE("what came back is known when it is confirmed") {
  Sending sending;
  sending.confirms.note_returned("b");
  sending.confirms.note_returned("z");
  sending.confirms.note_returned("d");
  CHECK(sending.confirm(4, true) == "ab!cd!");
}

TEST_CASE("of two messages with the same id the one that was sent first comes back first") {
  Sending sending;
  sending.messages[2].id = "a";
  sending.confirms.note_returned("a");
  CHECK(sending.confirm(3, true) == "a!ba");
}

TEST_CASE("numbers begin anew with a channel") {
  Sending sending;
  sending.confirms.clear();
  sending.confirms.add(sending.messages[3]);
  CHECK(sending.confirm(1, false) == "d");
}

}  // namespace zevi::bridges

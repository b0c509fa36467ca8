#include "cursor.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "catch.hpp"
#include "temporary_directory.hpp"
#include "zevi/error.hpp"

using namespace zevi;
using subscriber::CursorFile;
using subscriber::Position;

namespace {

Position some_position() {
  Position position;
  position.epoch = 555000111;
  position.has_changed = true;
  position.knows_all = true;
  position.topics = {"E_A", "E_B*"};
  position.next = {{"E_A", 17}, {"E_B", 1}};
  position.lost_before = {{"E_A", 3}};
  position.publishers = {{"E_A", {{7, 12}, {9007199254740991, 4}}}};
  position.before = {{"E_A", {7}}};
  position.whole = {"E_B"};
  return position;
}

}  // namespace

TEST_CASE("a cursor is read as it was written") {
  CHECK(subscriber::decode_cursor(subscriber::encode_cursor(some_position())) == some_position());
  CHECK(subscriber::decode_cursor(subscriber::encode_cursor({})) == Position{});
}

TEST_CASE("a cursor is the JSON that the Python package writes") {
  CHECK(
      subscriber::encode_cursor(some_position()) ==
      R"({"before":{"E_A":[7]},"epoch":555000111,"has_changed":true,"knows_all":true,"lost_before":{"E_A":3},)"
      R"("next":{"E_A":17,"E_B":1},"publishers":{"E_A":{"7":12,"9007199254740991":4}},)"
      R"("topics":["E_A","E_B*"],"version":1,"whole":["E_B"]})");
}

TEST_CASE("a cursor with spaces, with fewer fields or with unknown ones is read") {
  const Position position = subscriber::decode_cursor(
      " { \"epoch\" : 5, \"new\": [1, {\"a\\\"}\": -1.5e3}, null, true], \"version\": 1,\n \"next\": "
      "{\"E_A\": 2} } ");
  CHECK(position.epoch == 5);
  CHECK(position.next.at("E_A") == 2);
}

TEST_CASE("what is no cursor is refused in words") {
  const std::string good = subscriber::encode_cursor(some_position());
  for (std::size_t length = 0; length < good.size(); ++length) {
    REQUIRE_THROWS_AS(subscriber::decode_cursor(good.substr(0, length)), Error);
  }
  for (const char* const bad :
       {"", "[]", "{}", R"({"version":2,"epoch":1,"next":{}})", R"({"version":1,"epoch":-1,"next":{}})",
        R"({"version":1,"epoch":1.5,"next":{}})", R"({"version":1,"epoch":1,"next":{"E A":1}})",
        R"({"version":1,"epoch":1,"next":{"E_A":99999999999999999999}})",
        R"({"version":1,"epoch":1,"next":{}} x)", R"({"version":1,"epoch":1,"next":[]})",
        R"({"version":1,"epoch":1,"next":{},"before":{"E_A":{"7":1}}})",
        R"({"version":1,"epoch":1,"next":{},"publishers":{"E_A":[7]}})",
        R"({"version":1,"epoch":1,"next":{},"publishers":{"E_A":{"x":1}}})"}) {
    INFO(bad);
    CHECK_THROWS_AS(subscriber::decode_cursor(bad), Error);
  }
  CHECK_THROWS_AS(subscriber::decode_cursor(R"({"new":)" + std::string(100'000, '[')), Error);
}

TEST_CASE("random damage to a cursor is noticed or harmless") {
  const auto seed = GENERATE(range(1U, 21U));
  std::mt19937 random(seed);
  const std::string good = subscriber::encode_cursor(some_position());
  for (int i = 0; i < 200; ++i) {
    std::string text = good;
    text[random() % text.size()] = static_cast<char>(random());
    try {
      static_cast<void>(subscriber::decode_cursor(text));
    } catch (const Error&) {
    }
  }
}

TEST_CASE("a cursor's file is replaced as a whole, and one that is not there is no error") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/cursor";
  const CursorFile file(path);
  CHECK_FALSE(file.load());
  file.save(some_position());
  CHECK(file.load() == some_position());
  file.save({});
  CHECK(file.load() == Position{});
  CHECK_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_CASE("a cursor's file that cannot be used says which, why and what to do") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/cursor";
  std::ofstream(path) << "{}";
  CHECK_THROWS_WITH(CursorFile(path).load(), contains_text(path));
  CHECK_THROWS_WITH(CursorFile(path).load(), contains_text("no cursor of version 1; move it away"));
  CHECK_THROWS_WITH(CursorFile(directory.path() + "/none/cursor").save({}),
                    contains_text("cannot write the cursor"));
}

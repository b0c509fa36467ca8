#include "object_splitter.hpp"

#include <random>
#include <string>
#include <vector>

#include "catch.hpp"
#include "notification.hpp"
#include "recordings.hpp"

using zevi::ingest::NotificationReader;
using zevi::ingest::ObjectSplitter;
using zevi::ingest::Refusal;

namespace {

std::vector<std::string> split(ObjectSplitter& splitter, std::string_view bytes) {
  std::vector<std::string> objects;
  CHECK(splitter.feed(bytes, [&](std::string_view object) { objects.emplace_back(object); }));
  return objects;
}

std::vector<std::string> split_in_pieces(std::string_view bytes, std::size_t piece_max, unsigned seed) {
  ObjectSplitter splitter;
  std::mt19937 random(seed);
  std::vector<std::string> objects;
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(1 + random() % piece_max, bytes.size());
    for (std::string& object : split(splitter, bytes.substr(0, size))) objects.push_back(std::move(object));
    bytes.remove_prefix(size);
  }
  CHECK_FALSE(splitter.inside());
  CHECK(splitter.stray_bytes() == 0);
  return objects;
}

}  // namespace

TEST_CASE("objects are found back to back and across pieces") {
  ObjectSplitter splitter;
  CHECK(split(splitter, R"({"a":1}{"b":{"c":2}})") ==
        std::vector<std::string>{R"({"a":1})", R"({"b":{"c":2}})"});
  CHECK(split(splitter, R"( {"a":)").empty());
  CHECK(splitter.inside());
  CHECK(split(splitter, "1").empty());
  CHECK(split(splitter, "}\r\n{}") == std::vector<std::string>{R"({"a":1})", "{}"});
  CHECK_FALSE(splitter.inside());
  CHECK(splitter.stray_bytes() == 0);
}

TEST_CASE("braces and quotes inside strings are not taken for the end") {
  const std::string object = R"({"a":"}{\"}\\","}":"\\\""})";
  for (std::size_t piece = 1; piece <= object.size(); ++piece) {
    CHECK(split_in_pieces(object + object, piece, 1) == std::vector<std::string>{object, object});
  }
}

TEST_CASE("bytes between objects are counted and cost the next object nothing") {
  ObjectSplitter splitter;
  CHECK(split(splitter, R"(x}]{"a":[}{"b":1})") == std::vector<std::string>{R"({"a":[})", R"({"b":1})"});
  CHECK(splitter.stray_bytes() == 3);
}

TEST_CASE("an object that never ends is given up") {
  ObjectSplitter splitter;
  const std::string piece(64 * 1024, '{');
  bool followed = true;
  int pieces = 0;
  while (followed) {
    followed = splitter.feed(piece, [](std::string_view) {});
    ++pieces;
  }
  CHECK(pieces == 17);
}

TEST_CASE("a recorded stream gives the same events wherever it is cut") {
  const auto [name, count] =
      GENERATE(std::pair("opensips-stream.bin", 7362U), std::pair("opensips-stream-reliable.bin", 5709U));
  const std::string bytes = recording(name);
  const std::vector<std::string> whole = split_in_pieces(bytes, bytes.size(), 1);
  REQUIRE(whole.size() == count);
  NotificationReader reader;
  for (const std::string& object : whole) {
    if (reader.read(object) != Refusal::none) FAIL(object);
  }
  for (const std::size_t piece_max : {1U, 7U, 300U, 5000U}) {
    CHECK(split_in_pieces(bytes, piece_max, 42) == whole);
  }
}

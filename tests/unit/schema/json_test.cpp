#include "zevi/json.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "catch.hpp"
#include "zevi/pack.hpp"
#include "zevi/wire/body.hpp"

using zevi::append_json;
using zevi::append_json_string;
using zevi::pack::Writer;

namespace {

template <typename Write>
std::string json(Write write) {
  std::string msgpack;
  Writer writer(msgpack);
  write(writer);
  std::string out;
  append_json(out, msgpack);
  return out;
}

std::string json_text(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace

TEST_CASE("integers are written with all their digits") {
  CHECK(json([](Writer& w) { w.uint(0); }) == "0");
  CHECK(json([](Writer& w) { w.sint(-7); }) == "-7");
  CHECK(json([](Writer& w) { w.uint(UINT64_MAX); }) == "18446744073709551615");
  CHECK(json([](Writer& w) { w.sint(INT64_MIN); }) == "-9223372036854775808");
}

TEST_CASE("doubles stay doubles, and those that JSON lacks are marked") {
  CHECK(json([](Writer& w) { w.real(1); }) == "1.0");
  CHECK(json([](Writer& w) { w.real(-0.1); }) == "-0.1");
  CHECK(json([](Writer& w) { w.real(1e300); }) == "1e+300");
  CHECK(json([](Writer& w) { w.real(std::nan("")); }) == R"({"$float":"nan"})");
  CHECK(json([](Writer& w) { w.real(HUGE_VAL); }) == R"({"$float":"inf"})");
  CHECK(json([](Writer& w) { w.real(-HUGE_VAL); }) == R"({"$float":"-inf"})");
}

TEST_CASE("a double comes back from its text bit by bit") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    REQUIRE(std::strtod(json([&](Writer& w) { w.real(value); }).c_str(), nullptr) == value);
  }
}

TEST_CASE("bytes are written in base64") {
  CHECK(json([](Writer& w) { w.binary(""); }) == R"({"$bin":""})");
  CHECK(json([](Writer& w) { w.binary("\xff"); }) == R"({"$bin":"/w=="})");
  CHECK(json([](Writer& w) { w.binary("\xff\xfe"); }) == R"({"$bin":"//4="})");
  CHECK(json([](Writer& w) { w.binary("\xff\xfe\xfd"); }) == R"({"$bin":"//79"})");
  CHECK(json([](Writer& w) { w.binary("light work."); }) == R"({"$bin":"bGlnaHQgd29yay4="})");
}

TEST_CASE("keys that would read as a mark are told apart") {
  CHECK(json([](Writer& w) { w.map(1).text("$bin").text("x"); }) == R"({"$$bin":"x"})");
  CHECK(json([](Writer& w) { w.map(1).text("$float").nil(); }) == R"({"$$float":null})");
  CHECK(json([](Writer& w) { w.map(1).text("$$").nil(); }) == R"({"$$$":null})");
  CHECK(json([](Writer& w) { w.map(1).text("$var").nil(); }) == R"({"$var":null})");
  CHECK(json([](Writer& w) { w.map(1).binary("\xff").nil(); }) == R"({"$bin:/w==":null})");
  CHECK(json([](Writer& w) { w.map(1).binary("key").nil(); }) == R"({"key":null})");
}

TEST_CASE("a string has every control character escaped and everything else as it is") {
  CHECK(json_text("a\"b\\c\n\r\t") == R"("a\"b\\c\n\r\t")");
  CHECK(json_text(std::string_view("\0\x1b[31m\x7f", 7)) == R"("\u0000\u001b[31m\u007f")");
  CHECK(json_text("\xc2\x9b"
                  "31m \xc2\xa0 \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80") ==
        "\"\\u009b31m \xc2\xa0 \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"");
  CHECK(json_text("") == "\"\"");
}

TEST_CASE("text that is no UTF-8 still makes valid JSON") {
  CHECK(json_text("a\xff") == "\"a\xEF\xBF\xBD\"");
  CHECK(json_text("\xc2") == "\"\xEF\xBF\xBD\"");
}

TEST_CASE("arrays and maps nest") {
  CHECK(json([](Writer& w) {
          w.map(3).text("a").array(3).nil().boolean(true).boolean(false).text("b").map(0).text("c").array(0);
        }) == R"({"a":[null,true,false],"b":{},"c":[]})");
}

TEST_CASE("any value reads in another JSON parser as what it was") {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    std::string msgpack;
    Writer writer(msgpack);
    nlohmann::json expected = nlohmann::json::object();
    const auto count = static_cast<unsigned>(random() % 8);
    writer.map(count);
    for (unsigned i = 0; i < count; ++i) {
      const std::string key = "k" + std::to_string(i);
      std::string text;
      for (auto length = random() % 40; length > 0; --length) text += static_cast<char>(random() % 128);
      writer.text(key);
      if (random() % 2 == 0) {
        writer.text(text);
        expected[key] = text;
      } else {
        const auto number = static_cast<std::int64_t>(random()) * (random() % 2 == 0 ? -77 : 77);
        writer.sint(number);
        expected[key] = number;
      }
    }
    std::string out;
    append_json(out, msgpack);
    REQUIRE(nlohmann::json::parse(out) == expected);
  }
}

TEST_CASE("bytes that are cut anywhere give valid JSON all the same") {
  std::string msgpack;
  Writer(msgpack).map(2).text("a").array(2).text("long enough").uint(700).text("b").map(1).text("c").real(2);
  for (std::size_t size = 0; size <= msgpack.size(); ++size) {
    std::string out;
    append_json(out, std::string_view(msgpack).substr(0, size));
    REQUIRE(nlohmann::json::accept(out));
  }
}

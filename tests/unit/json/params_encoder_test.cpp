#include <string>

#include "catch.hpp"
#include "object.hpp"
#include "zevi/wire/body.hpp"

using zevi::json::ObjectReader;
using namespace std::string_literals;

namespace {

/// The msgpack of a JSON object; the test fails if it is refused or is not one event's parameters.
std::string encoded(std::string_view text) {
  ObjectReader reader;
  const std::string fault = reader.read(text);
  INFO(text);
  CHECK(fault == "");
  CHECK(zevi::wire::check_params(reader.params()));
  return std::string(reader.params());
}

std::string fault_of(std::string_view text) {
  ObjectReader reader;
  return reader.read(text);
}

}  // namespace

TEST_CASE("a JSON object becomes a msgpack map in the same order") {
  CHECK(encoded("{}") == "\x80");
  CHECK(encoded(R"({"b":1,"a":"x"})") ==
        "\x82\xA1"
        "b\x01\xA1"
        "a\xA1x");
  CHECK(encoded(R"( {"n":null,"t":true,"f":false} )") ==
        "\x83\xA1n\xC0\xA1t\xC3\xA1"
        "f\xC2");
}

TEST_CASE("whole numbers stay whole numbers and lose no digits") {
  CHECK(encoded(R"({"n":42})") == "\x81\xA1n\x2A");
  CHECK(encoded(R"({"n":-1})") == "\x81\xA1n\xFF");
  CHECK(encoded(R"({"n":9223372036854775807})") == "\x81\xA1n\xCF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
  CHECK(encoded(R"({"n":18446744073709551615})") == "\x81\xA1n\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
  CHECK(encoded(R"({"n":-9223372036854775808})") == "\x81\xA1n\xD3\x80\0\0\0\0\0\0\0"s);
}

TEST_CASE("a number that no msgpack number holds travels as text") {
  CHECK(encoded(R"({"n":18446744073709551616})") ==
        "\x81\xA1n\xB4"
        "18446744073709551616");
  CHECK(encoded(R"({"n":-9223372036854775809})") == "\x81\xA1n\xB4-9223372036854775809");
}

TEST_CASE("a number with a fraction or an exponent becomes a double") {
  CHECK(encoded(R"({"n":1.5})") == "\x81\xA1n\xCB\x3F\xF8\0\0\0\0\0\0"s);
  CHECK(encoded(R"({"n":-2e1})") == "\x81\xA1n\xCB\xC0\x34\0\0\0\0\0\0"s);
}

TEST_CASE("text keeps every byte, as bin where it is not UTF-8") {
  CHECK(encoded("{\"t\":\"Z\xC3\xBCrich\"}") == "\x81\xA1t\xA7Z\xC3\xBCrich");
  CHECK(encoded("{\"t\":\"Z\xFCrich\"}") == "\x81\xA1t\xC4\x06Z\xFCrich");
  CHECK(encoded("{\"t\":\"a\x7F\"}") ==
        "\x81\xA1t\xA2"
        "a\x7F");
  CHECK(encoded(R"({"t":"a\u0000b"})") ==
        "\x81\xA1t\xA3"
        "a\0b"s);
  CHECK(encoded(R"({"t":"\ud83d\ude00"})") == "\x81\xA1t\xA4\xF0\x9F\x98\x80");
  CHECK(encoded("{\"\xFF\":1}") == "\x81\xC4\x01\xFF\x01");
}

TEST_CASE("half a surrogate pair is kept as the bytes that stand for it") {
  CHECK(encoded(R"({"t":"\ud83d"})") == "\x81\xA1t\xC4\x03\xED\xA0\xBD");
  CHECK(encoded(R"({"t":"\ude00"})") == "\x81\xA1t\xC4\x03\xED\xB8\x80");
  CHECK(encoded(R"({"t":"\\ud83d \ud83dx\ud83d\ud83d\ude00"})") ==
        "\x81\xA1t\xC4\x12\\ud83d \xED\xA0\xBDx\xED\xA0\xBD\xF0\x9F\x98\x80");
}

TEST_CASE("of a name that is given twice the last value wins at the place of the first") {
  ObjectReader reader;
  CHECK(reader.read(R"({"a":1,"b":2,"a":3,"":4,"":[5],"c":{"x":1,"x":2}})") == "");
  CHECK(reader.repeated_keys() == 3);
  CHECK(reader.params() ==
        "\x84\xA1"
        "a\x03\xA1"
        "b\x02\xA0\x91\x05\xA1"
        "c\x81\xA1x\x02");
}

TEST_CASE("repeated names are found among many, too") {
  std::string text = "{";
  for (int i = 0; i < 5000; ++i) text += "\"k" + std::to_string(i % 3000) + "\":" + std::to_string(i) + ",";
  text.back() = '}';
  ObjectReader reader;
  CHECK(reader.read(text) == "");
  CHECK(reader.repeated_keys() == 2000);
  CHECK(zevi::wire::check_params(reader.params()));
  CHECK(reader.params().substr(0, 9) == "\xDE\x0B\xB8\xA2k0\xCD\x0B\xB8");
}

TEST_CASE("maps and arrays of every size are kept inside one another") {
  CHECK(encoded(R"({"a":[1,[],{"b":[2]}]})") ==
        "\x81\xA1"
        "a\x93\x01\x90\x81\xA1"
        "b\x91\x02");
  std::string text = R"({"a":[)";
  for (int i = 0; i < 20; ++i) text += i == 0 ? "0" : ",0";
  const std::string map = encoded(text + R"(],"b":1})");
  CHECK(map ==
        "\x82\xA1"
        "a\xDC\0\x14"s +
            std::string(20, '\0') +
            "\xA1"
            "b\x01");
}

TEST_CASE("an object nested deeper than an event may be is refused, however deep") {
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += "{\"a\":";
    return text + "1" + std::string(static_cast<std::size_t>(depth), '}');
  };
  CHECK(fault_of(nested(16)) == "");
  CHECK(fault_of(nested(17)) == "nested deeper than 16");
  CHECK(fault_of(nested(100000)) == "nested deeper than 16");
}

TEST_CASE("an object larger than an event may be is refused") {
  const auto sized = [](std::size_t bytes) { return "{\"a\":\"" + std::string(bytes, 'x') + "\"}"; };
  CHECK(fault_of(sized(65536 - 6)) == "");
  CHECK(fault_of(sized(65536 - 5)) == "larger than the 64 KiB that an event may take");
}

TEST_CASE("what is no JSON object is refused in words") {
  CHECK(fault_of("[1]") == "not a JSON object");
  CHECK(fault_of("7") == "not a JSON object");
  CHECK(fault_of("{\"a\":1} x") == "The document root must not be followed by other values (at byte 8)");
  CHECK(fault_of("{\"a\"") == "Missing a colon after a name of object member (at byte 4)");
  CHECK(fault_of("") == "The document is empty (at byte 0)");
  CHECK(fault_of("{\"a\":\"\n\"}") != "");
  CHECK(fault_of("{\"a\":NaN}") != "");
}

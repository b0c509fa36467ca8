#include "parameters.hpp"

#include "catch.hpp"
#include "zevi/error.hpp"
#include "zevi/wire/body.hpp"

using zevi::pub::encode_parameters;
using namespace std::string_literals;

namespace {

std::string encoded(const std::vector<std::string>& arguments, bool as_text = false) {
  const std::string map = encode_parameters(arguments, as_text);
  CHECK(zevi::wire::check_params(map));
  return map;
}

std::string fault_of(const std::vector<std::string>& arguments) {
  try {
    (void)encode_parameters(arguments, false);
  } catch (const zevi::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a value is taken for what it looks like in JSON") {
  CHECK(encoded({}) == "\x80");
  CHECK(encoded({"a=5", "b=-1", "c=true", "d=false", "e=null", "f=x y"}) ==
        "\x86\xA1"
        "a\x05\xA1"
        "b\xFF\xA1"
        "c\xC3\xA1"
        "d\xC2\xA1"
        "e\xC0\xA1"
        "f\xA3x y");
  CHECK(encoded({"a=1.5"}) ==
        "\x81\xA1"
        "a\xCB\x3F\xF8\0\0\0\0\0\0"s);
}

TEST_CASE("what is no number in JSON stays text") {
  for (const char* text : {"007", "+49", "1.2.3", "1,2", "-", "1e", " 5", "5 ", "True", "[1]", "\"x\"", ""}) {
    const std::string value = text;
    CHECK(encoded({"a=" + value}) ==
          "\x81\xA1"
          "a" +
              std::string(1, static_cast<char>(0xA0 + value.size())) + value);
  }
}

TEST_CASE("values are always text if that was asked for") {
  CHECK(encoded({"a=5", "b:=5"}, true) ==
        "\x82\xA1"
        "a\xA1"
        "5\xA1"
        "b\x05");
}

TEST_CASE("any JSON value is taken behind a colon") {
  CHECK(encoded({R"(a:=[1,{"b":"c"}])", R"(t:="5")"}) ==
        "\x82\xA1"
        "a\x92\x01\x81\xA1"
        "b\xA1"
        "c\xA1t\xA1"
        "5");
}

TEST_CASE("names may be empty or hold spaces and values may hold equals signs") {
  CHECK(encoded({"=1", "a b=c=d"}) ==
        "\x82\xA0\x01\xA3"
        "a b\xA3"
        "c=d");
}

TEST_CASE("text that is not UTF-8 becomes bin") {
  CHECK(encoded({"a=\xFF"}) ==
        "\x81\xA1"
        "a\xC4\x01\xFF");
}

TEST_CASE("an argument that cannot be taken is named") {
  CHECK(fault_of({"abc"}) == "'abc' is no parameter: write name=value, or name:=JSON");
  CHECK(fault_of({"a=1", "a:=2"}) == "the parameter 'a' is given twice");
  CHECK(fault_of({"a:=x"}) == "'a:=x': the value is not JSON: Invalid value");
  CHECK(fault_of({R"(a:=1,"b":2)"}) == R"('a:=1,"b":2': the value is not JSON: more than one value)");
  CHECK(fault_of({R"(a:=1,"":2)"}) == R"('a:=1,"":2': the value is not JSON: more than one value)");
  CHECK(fault_of({"a=" + std::string(65536, 'x')}) == "the parameters take more than the 64 KiB of an event");
}

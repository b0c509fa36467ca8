#include "notification.hpp"

#include <string>

#include "catch.hpp"
#include "zevi/wire/body.hpp"

using zevi::ingest::NotificationReader;
using zevi::ingest::Refusal;
using namespace std::string_literals;

namespace {

Refusal refusal_of(std::string_view text) {
  NotificationReader reader;
  return reader.read(text);
}

/// The parameters of an event that is taken.
std::string params_of(std::string_view text) {
  NotificationReader reader;
  INFO(text);
  CHECK(reader.read(text) == Refusal::none);
  CHECK(zevi::wire::check_params(reader.params()));
  return std::string(reader.params());
}

}  // namespace

TEST_CASE("a notification gives its event and its parameters") {
  NotificationReader reader;
  REQUIRE(reader.read(R"({"jsonrpc":"2.0","method":"E_A","params":{"x":1,"y z":"w"}})") == Refusal::none);
  CHECK(reader.topic() == "E_A");
  CHECK(reader.params() == "\x82\xA1x\x01\xA3y z\xA1w");
  CHECK(reader.id() == "");
  CHECK(reader.repeated_keys() == 0);
}

TEST_CASE("a request gives its id as it is spelled") {
  NotificationReader reader;
  REQUIRE(reader.read(R"({"id":2145122352,"jsonrpc":"2.0","method":"E_A"})") == Refusal::none);
  CHECK(reader.id() == "2145122352");
  REQUIRE(reader.read(R"({"method":"E_A","id":"a\"b\\\u0001"})") == Refusal::none);
  CHECK(reader.id() == R"("a\"b\\\u0001")");
  REQUIRE(reader.read(R"({"method":"E_A","id":null})") == Refusal::none);
  CHECK(reader.id() == "");
}

TEST_CASE("absent parameters are the empty map and positional ones are named by their place") {
  CHECK(params_of(R"({"method":"E_A"})") == "\x80");
  CHECK(params_of(R"({"method":"E_A","params":null})") == "\x80");
  CHECK(params_of(R"({"method":"E_A","params":[]})") == "\x80");
  CHECK(params_of(R"({"method":"E_A","params":["x",[1,2],{"a":3}]})") ==
        "\x83\xA1"
        "0\xA1x\xA1"
        "1\x92\x01\x02\xA1"
        "2\x81\xA1"
        "a\x03");
}

TEST_CASE("members stand in any order and unknown ones are passed over") {
  CHECK(params_of(R"({"params":{"method":1,"params":2,"id":{"a":[]}},"x":[{"method":3}],"method":"E_A"})") ==
        "\x83\xA6method\x01\xA6params\x02\xA2id\x81\xA1"
        "a\x90");
}

TEST_CASE("nothing of an event is left in the next one") {
  NotificationReader reader;
  REQUIRE(reader.read(R"({"id":1,"method":"E_A","params":{"a":1,"a":2}})") == Refusal::none);
  CHECK(reader.repeated_keys() == 1);
  REQUIRE(reader.read(R"({"method":"E_B"})") == Refusal::none);
  CHECK(reader.topic() == "E_B");
  CHECK(reader.params() == "\x80");
  CHECK(reader.id() == "");
  CHECK(reader.repeated_keys() == 0);
}

TEST_CASE("what is no event is refused with its reason") {
  CHECK(refusal_of("") == Refusal::syntax);
  CHECK(refusal_of("hello") == Refusal::syntax);
  CHECK(refusal_of(R"({"method":"E_A"}})") == Refusal::syntax);
  CHECK(refusal_of(R"({"method":"E_A","params":{"a":1,}})") == Refusal::syntax);
  CHECK(refusal_of(R"({"method":"E_A)") == Refusal::syntax);
  CHECK(refusal_of(R"("E_A")") == Refusal::not_an_object);
  CHECK(refusal_of(R"([{"method":"E_A"}])") == Refusal::batch);
  CHECK(refusal_of("{}") == Refusal::no_method);
  CHECK(refusal_of(R"({"method":5})") == Refusal::no_method);
  CHECK(refusal_of(R"({"method":["E_A"]})") == Refusal::no_method);
  CHECK(refusal_of(R"({"method":"E A"})") == Refusal::topic);
  CHECK(refusal_of(R"({"method":""})") == Refusal::topic);
  CHECK(refusal_of("{\"method\":\"" + std::string(129, 'E') + "\"}") == Refusal::topic);
  CHECK(refusal_of(R"({"method":"E_ZEVI_DROPPED"})") == Refusal::reserved_topic);
  CHECK(refusal_of(R"({"method":"E_A","params":7})") == Refusal::params);
  CHECK(refusal_of(R"({"method":"E_A","id":{}})") == Refusal::id);
  CHECK(refusal_of(R"({"method":"E_A","id":true})") == Refusal::id);
}

TEST_CASE("an event too deep or too large is refused and its id is known for the answer") {
  NotificationReader reader;
  std::string deep(100000, '[');
  CHECK(reader.read(R"({"id":7,"method":"E_A","params":)" + deep) == Refusal::nesting);
  CHECK(reader.id() == "7");
  CHECK(reader.read(R"({"id":7,"x":)" + deep) == Refusal::nesting);
  CHECK(reader.read(R"({"id":8,"method":"E_A","params":{"a":")" + std::string(70000, 'x') + R"("}})") ==
        Refusal::too_large);
  CHECK(reader.id() == "8");
}

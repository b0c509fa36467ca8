#include "unmapping.hpp"

#include <random>

#include "catch.hpp"
#include "mapping.hpp"
#include "zevi/pack.hpp"
#include "zevi/wire/body.hpp"

namespace zevi::bridges {

namespace {

struct Reading {
  explicit Reading(std::string_view topic = "{topic}") : unmapping(Template(topic, "", true), "here") {}
  std::string read(std::string payload) {
    message = {.subject = "a.b/c", .payload = std::move(payload)};
    return unmapping.read(message, event);
  }

  Unmapping unmapping;
  Incoming message;
  BroughtIn event;
};

}  // namespace

TEST_CASE("what a bridge sends is read as the same event, from JSON and from msgpack") {
  std::string nasty;
  pack::Writer(nasty).map(2).text("\"},\\\",\"params\":{").array(2).sint(-1).nil().text("x").real(1.5);
  for (const std::string& params : {std::string("\x80"), std::string("\x81\xA1n\x07"), nasty}) {
    REQUIRE(wire::check_params(params));
    for (const Payload payload : {Payload::json, Payload::msgpack}) {
      Event sent;
      sent.topic = "E_A";
      sent.time_ns = 1'700'000'000'123'456'789;
      sent.src = R"(a ",\"params\":{} b)";
      sent.host = "h";
      sent.origin = "far";
      sent.params_raw = params;
      Reading reading("{host}.{topic}");
      REQUIRE(reading.read(Mapping(Template("", ""), payload, "there").map(sent).payload) == "");
      CHECK(reading.event.topic == "h.E_A");
      CHECK(reading.event.time_ns == sent.time_ns);
      CHECK(reading.event.src == sent.src);
      CHECK(reading.event.origin == "far,there");
      CHECK(reading.event.params == params);
    }
  }
}

TEST_CASE("any other JSON object or msgpack map is the parameters of an event that --topic names") {
  Reading reading("E_{subject}");
  CHECK(reading.read(" {\"a\": 1}\n") == "");
  CHECK(reading.event.topic == "E_a.b_c");
  CHECK(reading.event.params ==
        "\x81\xA1"
        "a\x01");
  CHECK(reading.event.origin.empty());
  CHECK(reading.read("\x81\xA6params\x80") == "");
  CHECK(reading.event.params == "\x81\xA6params\x80");
}

TEST_CASE("a message without a topic is refused where one is asked for") {
  Reading reading;
  CHECK_THAT(reading.read("{}"), contains_text("it names no topic"));
}

TEST_CASE("what is cut short or no JSON is refused in words") {
  Event sent;
  sent.topic = "E_A";
  sent.params_raw = std::string_view("\x81\xA1n\x07", 4);
  const std::string whole = Mapping(Template("", ""), Payload::json, "there").map(sent).payload;
  for (std::size_t length = 1; length < whole.size(); ++length) {
    Reading reading;
    CHECK(reading.read(whole.substr(0, length)) != "");
  }
}

TEST_CASE("no message of random bytes does harm") {
  Event sent;
  sent.topic = "E_A";
  sent.params_raw = std::string_view("\x81\xA1n\x07", 4);
  std::mt19937 random(1);
  for (const Payload payload : {Payload::json, Payload::msgpack}) {
    const std::string whole = Mapping(Template("", ""), payload, "there").map(sent).payload;
    Reading reading;
    for (int i = 0; i < 2000; ++i) {
      std::string damaged = whole;
      for (int n = 0; n < 3; ++n) damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
      static_cast<void>(reading.read(damaged));
    }
  }
}

}  // namespace zevi::bridges

#include "mapping.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "zevi/error.hpp"
#include "zevi/pack.hpp"

namespace zevi::bridges {

namespace {

using nlohmann::json;

/// {"n": 7}
const std::string params("\x81\xA1n\x07", 4);

Event an_event() {
  Event event;
  event.topic = "E_A.B";
  event.q = 5;
  event.time_ns = 1'700'000'000'000'000'001;
  event.src = "open sips";
  event.pid = 312;
  event.host = "sip1.example.org";
  event.id = 77;
  event.p = 9;
  event.epoch = 4711;
  event.params_raw = params;
  return event;
}

Outgoing mapped(const Event& event, std::string_view subject = "", Payload payload = Payload::json) {
  return Mapping(Template(subject, ".*> "), payload, "here").map(event);
}

json whole_of(const Event& event) {
  return {{"id", "77-E_A.B-9"},
          {"topic", "E_A.B"},
          {"q", 5},
          {"epoch", 4711},
          {"time_ns", event.time_ns},
          {"src", event.src},
          {"host", event.host},
          {"pid", 312},
          {"origin", "here"},
          {"params", {{"n", 7}}}};
}

}  // namespace

TEST_CASE("a template is filled in, and no value can name another place than it means") {
  CHECK(mapped(an_event(), "a.{host}.{topic}").subject == "a.sip1_example_org.E_A.B");
  CHECK(mapped(an_event(), "{src}.{name}").subject == "open_sips.here");
  CHECK(mapped(an_event(), "plain").subject == "plain");
  Event event = an_event();
  event.src = "a>b*\r\n";
  event.host = "";
  CHECK(mapped(event, "{src}.{host}").subject == "a_b___._");
}

TEST_CASE("a template with an unknown place or a brace alone is refused") {
  CHECK_THROWS_AS(Template("a.{b}", ""), Error);
  CHECK_THROWS_AS(Template("a.{topic", ""), Error);
  CHECK_THROWS_AS(Template("a.topic}", ""), Error);
  CHECK_THROWS_AS(Template("{}", ""), Error);
}

TEST_CASE("the payload holds all of an event, as JSON and as msgpack") {
  const Event event = an_event();
  CHECK(json::parse(mapped(event).payload) == whole_of(event));
  CHECK(json::from_msgpack(mapped(event, "", Payload::msgpack).payload) == whole_of(event));
  Event brought = event;
  brought.origin = "far";
  json whole = whole_of(event);
  whole["origin"] = "far,here";
  CHECK(json::parse(mapped(brought).payload) == whole);
  CHECK(json::from_msgpack(mapped(brought, "", Payload::msgpack).payload) == whole);
}

TEST_CASE("an event has the same id whatever number a broker gave it") {
  Event again = an_event();
  again.q = 1;
  again.epoch = 4712;
  CHECK(mapped(again).id == mapped(an_event()).id);
  Event unnumbered = an_event();
  unnumbered.p = 0;
  CHECK(mapped(unnumbered).id == "4711-E_A.B-5");
}

TEST_CASE("no header holds a line break") {
  Event event = an_event();
  event.src = "a\r\nX-Evil: 1";
  for (const Header& header : mapped(event).headers) {
    CHECK(header.value.find_first_of("\r\n") == std::string::npos);
  }
}

}  // namespace zevi::bridges

#include "zevi/typed_event.hpp"
#include "catch.hpp"
#include "encoded.hpp"
#include "recorded_events.hpp"
#include "site_events.hpp"
#include "zevi/events.hpp"
#include "zevi/opensips_events.hpp"

using zevi::AnyValue;
using zevi::EventDecode;
using namespace std::string_literals;
using Status = zevi::EventDecode::Status;
using site::events::SITE_CHARGED;
using zevi::E_CORE_LOG;
using zevi::E_PROFILING_PROC;
using namespace std::string_view_literals;

namespace {

const SITE_CHARGED charged{.charge_id = UINT64_MAX,
                           .amount = 0.5,
                           .prepaid = true,
                           .signature = "\x00\xFF"sv,
                           .detail = "free text",
                           .balance = nullptr};

template <typename Event>
Event decoded(std::string_view params) {
  Event event;
  REQUIRE(Event::decode(params, event) == EventDecode{});
  return event;
}

/// Decodes a recorded event as `Event` and encodes it again.
template <typename Event>
bool comes_back(const RecordedEvent& recorded) {
  if (recorded.topic != Event::topic) return false;
  INFO(recorded.params);
  REQUIRE(encoded(decoded<Event>(recorded.params)) == recorded.params);
  return true;
}

template <typename... Events>
bool any_comes_back(const RecordedEvent& recorded) {
  return (comes_back<Events>(recorded) || ...);
}

}  // namespace

TEST_CASE("a profiling step is encoded to the byte as msgpack says") {
  const E_PROFILING_PROC event{.sec = 1776767469,
                               .usec = 200446,
                               .session = 3463978,
                               .verb = "start",
                               .name = "UDP receiver",
                               .type = 1,
                               .depth = 0};
  const std::string golden =
      "\x87"
      "\xA3"
      "sec"
      "\xCE\x69\xE7\x51\xED"
      "\xA4"
      "usec"
      "\xCE\x00\x03\x0E\xFE"
      "\xA7"
      "session"
      "\xCE\x00\x34\xDB\x2A"
      "\xA4"
      "verb"
      "\xA5"
      "start"
      "\xA4"
      "name"
      "\xAC"
      "UDP receiver"
      "\xA4"
      "type"
      "\x01"
      "\xA5"
      "depth"
      "\x00"s;
  CHECK(encoded(event) == golden);
  CHECK(decoded<E_PROFILING_PROC>(golden) == event);
}

TEST_CASE("a log line is encoded to the byte as msgpack says, text that is not UTF-8 as bin") {
  const E_CORE_LOG event{.time = "Jan  5 09:07:03",
                         .pid = 4711,
                         .level = "INFO",
                         .module = "core",
                         .function = "main",
                         .message = "\xE9t\xE9"};
  const std::string golden =
      "\x86"
      "\xA4"
      "time"
      "\xAF"
      "Jan  5 09:07:03"
      "\xA3"
      "pid"
      "\xCD\x12\x67"
      "\xA5"
      "level"
      "\xA4"
      "INFO"
      "\xA6"
      "module"
      "\xA4"
      "core"
      "\xA8"
      "function"
      "\xA4"
      "main"
      "\xA7"
      "message"
      "\xC4\x03\xE9t\xE9";
  CHECK(encoded(event) == golden);
  CHECK(decoded<E_CORE_LOG>(golden) == event);
}

TEST_CASE("every recorded event of the core comes back byte for byte from its struct") {
  std::size_t core = 0;
  for (const RecordedEvent& recorded : recorded_events()) {
    const bool is_core =
        any_comes_back<zevi::E_CORE_THRESHOLD, zevi::E_CORE_PKG_THRESHOLD, zevi::E_CORE_SHM_THRESHOLD,
                       zevi::E_CORE_PROC_AUTO_SCALE, zevi::E_CORE_TCP_DISCONNECT,
                       zevi::E_CORE_SR_STATUS_CHANGED, zevi::E_CORE_LOG, zevi::E_PROFILING_PROC,
                       zevi::E_PROFILING_SCRIPT>(recorded);
    const bool is_modules =
        any_comes_back<zevi::E_UL_AOR_INSERT, zevi::E_UL_AOR_DELETE, zevi::E_UL_CONTACT_INSERT,
                       zevi::E_UL_CONTACT_UPDATE, zevi::E_UL_CONTACT_DELETE, zevi::E_DLG_STATE_CHANGED,
                       zevi::E_PIKE_BLOCKED>(recorded);
    INFO(recorded.topic);
    CHECK((is_core || is_modules));
    core += is_core ? 1 : 0;
  }
  CHECK(core > 200);
}

TEST_CASE("an absent optional is left out, a nil is there, and decoding tells them apart") {
  SITE_CHARGED event = charged;
  CHECK_FALSE(decoded<SITE_CHARGED>(encoded(event)).rating.has_value());
  event.rating = nullptr;
  event.receipt = "\xC0";
  CHECK(decoded<SITE_CHARGED>(encoded(event)) == event);
  CHECK(decoded<SITE_CHARGED>(encoded(event)).rating->is_nil());
  event.rating = 2.5;
  event.receipt = nullptr;
  event.balance = -3;
  event.retried = false;
  event.extra = nullptr;
  const std::string params = encoded(event);
  CHECK(decoded<SITE_CHARGED>(params) == event);
  CHECK(decoded<SITE_CHARGED>(params).rating->value_or(1.0) == 2.5);
  CHECK(decoded<SITE_CHARGED>(params).extra->type() == zevi::pack::Type::nil);
}

TEST_CASE("a parameter of the type any keeps value and type") {
  SITE_CHARGED event = charged;
  const std::string nested = params_of(2, [](zevi::pack::Writer& w) {
    w.text("a").array(2).sint(1).nil();
    w.text("b").boolean(true);
  });
  const std::string owned = "a string";
  for (const AnyValue value : {AnyValue(nullptr), AnyValue(true), AnyValue(-7), AnyValue(UINT64_MAX),
                               AnyValue(1.5), AnyValue("text"), AnyValue(owned), AnyValue("\xFF"),
                               AnyValue::binary("text"), AnyValue::encoded(nested)}) {
    event.detail = value;
    const std::string params = encoded(event);
    const auto back = decoded<SITE_CHARGED>(params);
    CHECK(encoded(back) == params);
    if (value.item().bytes != "\xFF") CHECK(back == event);
  }
  CHECK(AnyValue::encoded(nested).nested() == nested);
  CHECK(AnyValue::encoded(nested).item().count == 2);
  CHECK(AnyValue::encoded(nested + nested) == AnyValue());
  CHECK(AnyValue::encoded("\xDD\xFF\xFF\xFF\xFF") == AnyValue());
}

TEST_CASE("keys in any order, unknown keys and keys that come twice are decoded, the last one winning") {
  const std::string params = params_of(7, [](zevi::pack::Writer& w) {
    w.text("message").text("first");
    w.text("not in the catalogue").map(1).text("x").array(1).nil();
    w.text("level").text("INFO");
    w.binary("pid").boolean(false);
    w.text("pid").sint(-1);
    w.text("message").binary("last");
    w.text("time").text("");
  });
  CHECK(decoded<E_CORE_LOG>(params) == E_CORE_LOG{.pid = -1, .level = "INFO", .message = "last"});
}

TEST_CASE("decoding names the parameter that is missing or has the wrong type") {
  E_CORE_LOG event;
  const auto decode = [&](std::size_t count, auto fill) {
    return E_CORE_LOG::decode(params_of(count, fill), event);
  };
  CHECK(decode(0, [](auto&) {}) == EventDecode{Status::missing, "time"});
  CHECK(decode(3, [](auto& w) { w.text("time").text("").text("pid").sint(1).text("level").text(""); }) ==
        EventDecode{Status::missing, "message"});
  CHECK(decode(1, [](auto& w) { w.text("pid").text("1"); }) == EventDecode{Status::wrong_type, "pid"});
  CHECK(decode(1, [](auto& w) { w.text("pid").uint(1ULL << 63); }) == EventDecode{Status::wrong_type, "pid"});
  CHECK(decode(1, [](auto& w) { w.text("module").nil(); }) == EventDecode{Status::wrong_type, "module"});
  CHECK(decode(2, [](auto& w) { w.text("pid").map(1).text("a").nil().text("time").sint(1); }) ==
        EventDecode{Status::wrong_type, "time"});
}

TEST_CASE("numbers decode where they fit and nowhere else") {
  std::string params = encoded(charged);
  const auto with = [&](std::string_view key, auto put) {
    std::string more = params;
    more[0] = static_cast<char>(more[0] + 1);
    zevi::pack::Writer writer(more);
    put(writer.text(key));
    SITE_CHARGED event;
    return SITE_CHARGED::decode(more, event);
  };
  CHECK(with("amount", [](auto& w) { w.sint(-2); }));
  CHECK(with("amount", [](auto& w) { w.raw("\xCA\x3F\x80\x00\x00"sv); }));
  CHECK_FALSE(with("amount", [](auto& w) { w.text("1"); }));
  CHECK_FALSE(with("charge_id", [](auto& w) { w.sint(-1); }));
  CHECK_FALSE(with("charge_id", [](auto& w) { w.real(1); }));
  CHECK_FALSE(with("prepaid", [](auto& w) { w.sint(1); }));
  CHECK(with("balance", [](auto& w) { w.nil(); }));
  CHECK_FALSE(with("balance", [](auto& w) { w.boolean(true); }));
  CHECK(with("signature", [](auto& w) { w.text("as text"); }));
  CHECK_FALSE(with("detail", [](auto& w) { w.raw("\xD4\x01\x00"sv); }));
}

TEST_CASE("decoding refuses what is no parameter map, at whatever byte it is cut") {
  const std::string params = encoded(charged);
  SITE_CHARGED event;
  for (std::size_t size = 0; size < params.size(); ++size) {
    CHECK(SITE_CHARGED::decode(params.substr(0, size), event) == EventDecode{Status::malformed, {}});
  }
  CHECK(SITE_CHARGED::decode(params + '\xC0', event).status == Status::malformed);
  CHECK(SITE_CHARGED::decode("\x90", event).status == Status::malformed);
  CHECK(SITE_CHARGED::decode("\x81\x01\x02", event).status == Status::malformed);
  CHECK(SITE_CHARGED::decode("\xDF\xFF\xFF\xFF\xFF", event).status == Status::malformed);
  CHECK(SITE_CHARGED::decode("\x81\xC1", event).status == Status::malformed);
}

TEST_CASE("bytes of any value are survived by decoding") {
  std::uint32_t seed = 1;
  std::string params = encoded(charged);
  for (int i = 0; i < 20000; ++i) {
    seed = seed * 1664525U + 1013904223U;
    std::string broken = params;
    broken[(seed >> 16) % broken.size()] = static_cast<char>(seed >> 8);
    SITE_CHARGED event;
    if (SITE_CHARGED::decode(broken, event)) CHECK_FALSE(encoded(event).empty());
  }
}

TEST_CASE("a site's own struct has a member for each parameter, whatever its name") {
  using Odd = site::events::site_odd_names;
  const Odd event{.call_id_ = "a",
                  .call_id = "b",
                  .class_ = 1,
                  .n3xx = 2,
                  .n_Reserved = 3,
                  .errno_ = 4,
                  .at_ = 5,
                  .topic_ = "c",
                  .std_ = "d",
                  .gr_e_quoted_ = 6,
                  .a_name_that_needs_more_than_the_short_form_of_a_key = 7};
  const std::string params = encoded(event);
  CHECK(Odd::topic == "site.odd-names");
  CHECK(params.find("größe \"quoted\" \\?"
                    "?/") != std::string::npos);
  CHECK(decoded<Odd>(params) == event);
}

TEST_CASE("an event without parameters and one with more than fifteen come back") {
  CHECK(encoded(site::events::site_odd_names_{}) == "\x80");
  CHECK(decoded<site::events::site_odd_names_>("\x80") == site::events::site_odd_names_{});
  CHECK(decoded<site::events::site_odd_names_>("\x81\xA1x\x01") == site::events::site_odd_names_{});
  site::events::SITE_WIDE wide{.p0 = 1, .p14 = -1};
  CHECK(decoded<site::events::SITE_WIDE>(encoded(wide)) == wide);
  wide.p15 = 0;
  CHECK(encoded(wide).starts_with("\xDE\x00\x10"sv));
  CHECK(decoded<site::events::SITE_WIDE>(encoded(wide)) == wide);
}

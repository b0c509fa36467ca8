#include "ingress/catalogue_policy.hpp"

#include "catch.hpp"
#include "conversation_support.hpp"
#include "zevi/pack.hpp"

using namespace zevi::broker;
using zevi::CatalogueRule;
using zevi::test::connection_a;
using zevi::test::Talk;

namespace {

/// A body with an event of `E_CORE_THRESHOLD` for each of these times; without one, its parameter is missing.
std::string thresholds(const std::vector<std::optional<std::int64_t>>& times) {
  std::string bytes(zevi::wire::body_head_bytes, '\0');
  zevi::pack::put_array32_head(reinterpret_cast<std::uint8_t*>(bytes.data()),
                               static_cast<std::uint32_t>(times.size()));
  zevi::pack::Writer writer(bytes);
  for (const auto& time : times) {
    writer.array(2).uint(1).map(time ? 3 : 2).text("source").text("dns").text("extra").text("x");
    if (time) writer.text("time").sint(*time);
  }
  return bytes;
}

void say(Talk& talk, std::uint64_t s, std::string_view topic, const std::string& body, std::uint32_t n) {
  std::string frame;
  zevi::wire::encode(zevi::wire::EventsHeader{topic, s, 1, n, 0, ""}, frame);
  talk.say_frames({frame, body}, connection_a);
}

zevi::BrokerOptions options_with(CatalogueRule::Policy policy) {
  zevi::BrokerOptions options;
  options.catalogue = {{"E_", policy}, {"E_SITE_", CatalogueRule::Policy::open}};
  return options;
}

}  // namespace

TEST_CASE("a strict catalogue refuses what it does not know and what it describes otherwise, in words") {
  Talk talk;
  talk.conversation.admission().compare_with(
      make_catalogue_policy(options_with(CatalogueRule::Policy::strict)));
  talk.hello(7);
  say(talk, 1, "E_CORE_THRESHOLD", thresholds({5, 6}), 2);
  CHECK(talk.recorder.events == 2);
  say(talk, 2, "E_TYPO", thresholds({5}), 1);
  talk.heard();
  CHECK(talk.last_reject_reason == "the catalogue does not know E_TYPO");
  CHECK(talk.topics.find("E_TYPO") != nullptr);
  say(talk, 3, "E_CORE_THRESHOLD", thresholds({5, std::nullopt}), 2);
  talk.heard();
  CHECK(talk.last_reject_reason.find("time") != std::string::npos);
  CHECK(talk.recorder.events == 2);
  CHECK(talk.counters.get(Counter::events_invalid) == 3);
  say(talk, 4, "E_SITE_ANY", thresholds({5}), 1);
  say(talk, 5, "OTHER", thresholds({5}), 1);
  CHECK(talk.recorder.events == 4);
}

TEST_CASE("a catalogue that warns lets everything pass and counts what is not as in it") {
  Talk talk;
  talk.conversation.admission().compare_with(
      make_catalogue_policy(options_with(CatalogueRule::Policy::warn)));
  talk.hello(7);
  say(talk, 1, "E_CORE_THRESHOLD", thresholds({5, std::nullopt, 6}), 3);
  say(talk, 2, "E_TYPO", thresholds({5, 6}), 2);
  CHECK(talk.recorder.events == 5);
  CHECK(talk.counters.get(Counter::events_uncatalogued) == 3);
  CHECK(talk.counters.get(Counter::events_invalid) == 0);
}

TEST_CASE("nothing is compared where no rule asks for it") {
  CHECK_FALSE(make_catalogue_policy({}));
  CHECK_FALSE(make_catalogue_policy(options_with(CatalogueRule::Policy::open)));
}

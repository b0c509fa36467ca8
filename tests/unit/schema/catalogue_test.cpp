#include "zevi/catalogue.hpp"

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "encoded.hpp"
#include "recorded_events.hpp"
#include "zevi/error.hpp"
#include "zevi/events.hpp"

using Catch::Matchers::Contains;
using zevi::Catalogue;
using zevi::CatalogueFinding;
using zevi::ParamType;
using Kind = zevi::CatalogueFinding::Kind;
using namespace std::string_view_literals;

namespace {

const std::string site_file = TEST_DATA_DIR "/site-catalogue.json";

std::string error_of(Catalogue& catalogue, std::string_view json) {
  try {
    catalogue.add_text(json, "site.json");
  } catch (const zevi::Error& error) {
    return error.what();
  }
  return "no error";
}

template <typename Fill>
CatalogueFinding check(const char* topic, std::size_t count, Fill fill) {
  static const Catalogue catalogue = [] {
    Catalogue all;
    all.add_file(site_file);
    return all;
  }();
  static std::string params;  // findings point into it
  params = params_of(count, fill);
  return catalogue.check(topic, params);
}

}  // namespace

TEST_CASE("a catalogue knows the events of the core and the broker, and those of the modules when asked to") {
  Catalogue catalogue;
  CHECK(catalogue.events().size() == 15);
  const zevi::CatalogueEvent* const log = catalogue.find("E_CORE_LOG");
  REQUIRE(log != nullptr);
  CHECK(log->origin == "core");
  CHECK_FALSE(log->doc.empty());
  CHECK_FALSE(log->notes.empty());
  REQUIRE(log->params.size() == 7);
  CHECK(log->params[2].name == "level");
  CHECK(log->params[2].values.front().text == "ALERT");
  CHECK(log->params[3].optional);
  REQUIRE(catalogue.find("E_ZEVI_DROPPED") != nullptr);
  CHECK(catalogue.find("E_ZEVI_DROPPED")->origin == "zevid");
  CHECK(catalogue.find("E_CORE_LO") == nullptr);
  CHECK(catalogue.find("E_ACC_CDR") == nullptr);
  catalogue.add_opensips_modules();
  CHECK(catalogue.events().size() == 69);
  CHECK(catalogue.find("E_ACC_CDR")->open);
  CHECK(catalogue.find("E_CORE_LOG") == log);
}

TEST_CASE("a site's own file is added with all that it says") {
  Catalogue catalogue;
  catalogue.add_file(site_file);
  const zevi::CatalogueEvent* const event = catalogue.find("SITE_CHARGED");
  REQUIRE(event != nullptr);
  CHECK(event->source == site_file);
  CHECK(event->params[1].type == ParamType::real);
  CHECK(event->params[1].unit == "euro");
  CHECK(event->params[2].values.front().text == "true");
  CHECK(event->params[2].values.front().doc == "paid before");
  CHECK(event->params[6].nullable);
}

TEST_CASE("a faulty catalogue file is refused with the place and what to change, and adds nothing") {
  std::ifstream file(TEST_DATA_DIR "/catalogue-faults.json");
  const auto faults = nlohmann::json::parse(file);
  CHECK(faults.size() > 50);
  for (const auto& row : faults) {
    Catalogue catalogue;
    const std::string text = row.contains("text") ? row["text"].get<std::string>() : row["file"].dump();
    const std::string error = error_of(catalogue, text);
    INFO(row["fault"].get<std::string>());
    CHECK_THAT(error, Catch::Matchers::StartsWith("site.json: "));
    for (const auto& part : row["says"]) CHECK_THAT(error, Contains(part.get<std::string>()));
    CHECK(error.find('\n') == std::string::npos);
    CHECK(catalogue.events().size() == 15);
  }
}

TEST_CASE("a catalogue file that is hostile is refused without harm") {
  Catalogue catalogue;
  CHECK_THAT(error_of(catalogue, std::string(1000000, '[')), Contains("nested deeper than 16"));
  CHECK_THAT(error_of(catalogue, std::string(4 * 1024 * 1024 + 1, ' ')), Contains("larger than 4 MiB"));
  CHECK_THAT(error_of(catalogue, "{\"zevi_catalogue\": 1, \"events\": [], \"doc\": \"\xFF\"}"),
             Contains("is no JSON"));
  CHECK_THAT(error_of(catalogue, "{\"zevi_catalogue\": 1, \"events\": [], \"doc\": \"\\ud800\"}"),
             Contains("is no JSON"));
  std::string events;
  for (int i = 0; i < 4097; ++i) events += i == 0 ? "0" : ",0";
  CHECK_THAT(error_of(catalogue, "{\"zevi_catalogue\": 1, \"events\": [" + events + "]}"),
             Contains("has 4097 events; 4096 are the most"));
  std::ifstream file(site_file);
  const std::string whole{std::istreambuf_iterator<char>(file), {}};
  for (std::size_t size = 0; size + 2 < whole.size(); size += 7) {
    CHECK_THAT(error_of(catalogue, whole.substr(0, size)), Contains("is no JSON"));
  }
  CHECK(catalogue.events().size() == 15);
}

TEST_CASE("an event that another file describes already is refused, and the rest of its file with it") {
  Catalogue catalogue;
  const std::string error = error_of(catalogue, R"({"zevi_catalogue": 1, "events": [
    {"name": "SITE_A", "doc": "d", "params": []}, {"name": "E_CORE_LOG", "doc": "d", "params": []}]})");
  CHECK_THAT(error, Contains("site.json: event 'E_CORE_LOG'") && Contains("core.json (built in)"));
  CHECK(catalogue.find("SITE_A") == nullptr);
}

TEST_CASE("a file that cannot be read is named with the reason") {
  Catalogue catalogue;
  CHECK_THROWS_WITH(catalogue.add_file("/nonexistent.json"),
                    Contains("/nonexistent.json: cannot be read: No such file"));
  CHECK_THROWS_WITH(catalogue.add_file("/"), Contains("/: cannot be read: Is a directory"));
}

TEST_CASE("there is nothing to say about any recorded event") {
  Catalogue catalogue;
  catalogue.add_opensips_modules();
  for (const RecordedEvent& recorded : recorded_events()) {
    const CatalogueFinding finding = catalogue.check(recorded.topic, recorded.params);
    INFO(finding.describe());
    CHECK(finding);
  }
}

TEST_CASE("a finding says in words what is wrong with an event") {
  const auto whole_log = [](auto& w) {
    w.text("time").text("").text("level").text("").text("message").text("");
  };
  CHECK(check("E_NEW", 0, [](auto&) {}).describe() == "event 'E_NEW' is described by no catalogue");
  CHECK(check("E_CORE_LOG", 4, [&](auto& w) {
          whole_log(w);
          w.text("pid").text("1");
        }).describe() == "event 'E_CORE_LOG': parameter 'pid' should be of the type int and is text");
  CHECK(check("E_CORE_LOG", 4,
              [&](auto& w) {
                whole_log(w);
                w.text("pid").uint(UINT64_MAX);
              })
            .describe() ==
        "event 'E_CORE_LOG': parameter 'pid' should be of the type int and is an integer out of its range");
  CHECK(check("E_CORE_LOG", 3, whole_log).describe() == "event 'E_CORE_LOG': parameter 'pid' is missing");
  CHECK(check("E_CORE_LOG", 5, [&](auto& w) {
          whole_log(w);
          w.text("pid").sint(1).text("colour").array(1).nil();
        }).describe() == "event 'E_CORE_LOG': parameter 'colour' is not in its description");
  CHECK(check("E_CORE_LOG", 5,
              [&](auto& w) {
                whole_log(w);
                w.text("pid").sint(1).binary("\x1B[2J\xFF" + std::string(100, 'x')).nil();
              })
            .describe() ==
        "event 'E_CORE_LOG': parameter '?[2J?" + std::string(59, 'x') + "...' is not in its description");
  CHECK(check("E_CORE_LOG", 4,
              [&](auto& w) {
                whole_log(w);
                w.text("pid").sint(1);
              })
            .describe()
            .empty());
}

TEST_CASE(
    "of several findings the gravest is reported, and of a key that comes twice the last value counts") {
  CHECK(check("E_CORE_LOG", 2, [](auto& w) { w.text("new").nil().text("time").sint(1); }).kind ==
        Kind::wrong_type);
  CHECK(check("E_CORE_LOG", 1, [](auto& w) { w.text("new").nil(); }).kind == Kind::missing_param);
  const auto twice = check("E_PIKE", 0, [](auto&) {});
  CHECK(twice.kind == Kind::unknown_event);
  CHECK(check("SITE_CHARGED", 2, [](auto& w) {
          w.text("prepaid").nil().text("prepaid").boolean(true);
        }).kind == Kind::missing_param);
  const auto last = check("SITE_CHARGED", 3, [](auto& w) {
    w.text("charge_id").map(1).text("prepaid").nil().text("prepaid").boolean(true).text("prepaid").array(0);
  });
  CHECK(last.param == "charge_id");
  CHECK(last.found == zevi::pack::Type::map);
  const auto bad_again =
      check("SITE_CHARGED", 2, [](auto& w) { w.text("prepaid").boolean(true).text("prepaid").array(0); });
  CHECK(bad_again.param == "prepaid");
  CHECK(bad_again.found == zevi::pack::Type::array);
}

TEST_CASE("an open event takes parameters that are not described, and nil goes where it may") {
  CHECK(check("site.odd-names", 2, [](auto& w) { w.text("call id").text("").text("more").nil(); }));
  const auto charged = [](auto value) {
    return check("SITE_CHARGED", 6, [&](auto& w) {
      w.text("charge_id").uint(1).text("amount").sint(2).text("prepaid").boolean(false);
      w.text("signature").text("").text("detail").nil();
      value(w.text("balance"));
    });
  };
  CHECK(charged([](auto& w) { w.nil(); }));
  CHECK(charged([](auto& w) { w.sint(-1); }));
  CHECK_FALSE(charged([](auto& w) { w.real(1); }));
}

TEST_CASE("bytes that are no parameter map are a finding, not a fault") {
  const Catalogue catalogue;
  for (const auto bytes : {""sv, "\x90"sv, "\x81"sv, "\x81\x01\x01"sv, "\xDF\xFF\xFF\xFF\xFF"sv, "\x80\x80"sv,
                           "\x81\xA1x\xDD\xFF\xFF\xFF\xFF"sv}) {
    CHECK(catalogue.check("E_CORE_LOG", bytes).kind == Kind::malformed);
  }
}

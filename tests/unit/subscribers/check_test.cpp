#include <algorithm>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "check_findings.hpp"
#include "check_formats.hpp"

using namespace zevi::cli;

namespace {

std::string stats(std::uint64_t lost_before, std::uint64_t live) {
  std::string row;
  zevi::pack::Writer writer(row);
  writer.map(3).text("recent").map(1).text("events_lost_before").uint(lost_before);
  writer.text("publishers_live").uint(live).text("memory_bytes").uint(12'000'000);
  return row;
}

const CheckThresholds thresholds{{1, 1000}, {1, 1000}, {1, 10}, {1, 1}, {}, 2};

std::vector<Finding> judged(std::uint64_t lost_before, std::uint64_t live) {
  const std::string row = stats(lost_before, live);
  return judge(zevi::Params(row), thresholds);
}

}  // namespace

TEST_CASE("limits are two numbers or dashes") {
  CHECK(parse_limits("1,1000")->warning == 1);
  CHECK(parse_limits("1,1000")->critical == 1000);
  CHECK_FALSE(parse_limits("-,7")->warning);
  CHECK(parse_limits("-,-"));
  for (const char* const wrong : {"", "1", ",", "1,", ",1", "1,2,3", "1;2", "-1,2", "1,x", "1.5,2"}) {
    CHECK_FALSE(parse_limits(wrong));
  }
}

TEST_CASE("a value is judged from its limit on, and the worst finding is the verdict") {
  CHECK(worst_of(judged(0, 2)) == CheckState::ok);
  CHECK(worst_of(judged(1, 2)) == CheckState::warning);
  CHECK(worst_of(judged(999, 2)) == CheckState::warning);
  CHECK(worst_of(judged(1000, 2)) == CheckState::critical);
  CHECK(worst_of(judged(0, 1)) == CheckState::critical);
  CHECK(Limits{}.judge(UINT64_MAX) == CheckState::ok);
}

TEST_CASE("events that the store left out are critical") {
  std::string row;
  zevi::pack::Writer(row).map(1).text("recent").map(1).text("store_left_out").uint(1);
  CHECK(worst_of(judge(zevi::Params(row), {{}, {}, {}, {1, 1}, {}, 0})) == CheckState::critical);
}

TEST_CASE("a store that is degraded is critical, and says why without breaking the line") {
  const auto judged_store = [](std::string_view state, std::string_view reason) {
    std::string row;
    zevi::pack::Writer writer(row);
    writer.map(1).text("store").map(2).text("state").text(state).text("reason").text(reason);
    const auto findings = judge(zevi::Params(row), {});
    return *std::find_if(findings.begin(), findings.end(),
                         [](const Finding& each) { return each.name == "store_degraded"; });
  };
  CHECK(judged_store("ok", "").state == CheckState::ok);
  const Finding degraded = judged_store("degraded", "no\nspace");
  CHECK(degraded.state == CheckState::critical);
  CHECK(degraded.value == 1);
  CHECK(degraded.text == "the store is degraded: no?space");
}

TEST_CASE("a finding is shown in each format") {
  std::string text;
  append_check_text(text, judged(5, 2));
  CHECK(text.starts_with("warning: 5 events lost before the broker in the last minute\n"));
  CHECK(text.find("(warning from 1, critical from 1000)") != std::string::npos);

  std::string nagios;
  append_check_nagios(nagios, judged(5, 2));
  CHECK(nagios ==
        "ZEVI WARNING - 5 events lost before the broker in the last minute | lost_before=5;1;1000;0 "
        "lost_after=0;1;1000;0 publishers_lost=0;1;10;0 store_left_out=0;1;1;0 publishers=2;;;0 "
        "memory_mb=12;;;0\n");

  std::string json;
  append_check_json(json, judged(5, 2));
  const auto object = nlohmann::json::parse(json);
  CHECK(object["state"] == "warning");
  CHECK(object["code"] == 1);
  CHECK(object["findings"][0]["name"] == "lost_before");
  CHECK(object["findings"][0]["critical"] == 1000);
  CHECK(object["findings"][4]["warning"].is_null());

  std::string counter;
  zevi::pack::Writer(counter)
      .map(3)
      .text("name")
      .text("events_received")
      .text("value")
      .uint(7)
      .text("help")
      .text("a\nb");
  std::string metrics;
  const std::string row = stats(5, 2);
  append_check_prometheus(metrics, judged(5, 2), zevi::Params(row), {counter});
  CHECK(metrics.find("\nzevi_up 1\n") != std::string::npos);
  CHECK(metrics.find("\nzevi_check_state 1\n") != std::string::npos);
  CHECK(metrics.find("# HELP zevi_events_received_total a?b\n# TYPE zevi_events_received_total counter\n"
                     "zevi_events_received_total 7\n") != std::string::npos);
}

TEST_CASE("without a broker the verdict says so in each format") {
  const std::vector<Finding> none{{"broker", CheckState::critical, 0, {}, "no broker answers"}};
  std::string nagios;
  append_check_nagios(nagios, none);
  CHECK(nagios == "ZEVI CRITICAL - no broker answers\n");
  std::string metrics;
  append_check_prometheus(metrics, none, zevi::Params(), {});
  CHECK(metrics.find("\nzevi_up 0\n") != std::string::npos);
}

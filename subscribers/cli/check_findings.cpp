#include "check_findings.hpp"

#include <algorithm>
#include <charconv>

#include "printable.hpp"
#include "row.hpp"
#include "units.hpp"

namespace zevi::cli {

namespace {

constexpr std::uint64_t bytes_per_mb = 1'000'000;

std::string counted(std::uint64_t value, std::string_view what) {
  return count_text(static_cast<double>(value)).append(" ").append(what);
}

bool parse_limit(std::string_view text, std::optional<std::uint64_t>& limit) {
  if (text == "-") return true;
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end || text.empty()) return false;
  limit = number;
  return true;
}

Finding finding(std::string name, std::uint64_t value, const Limits& limits, std::string text) {
  return {std::move(name), limits.judge(value), value, limits, std::move(text)};
}

/// A store that keeps nothing is critical, whatever it leaves out.
Finding finding_of_store(const Params& store) {
  if (store.find("state").as_text().value_or("") != "degraded") {
    return {"store_degraded", CheckState::ok, 0, {}, "the store is written"};
  }
  return {"store_degraded",
          CheckState::critical,
          1,
          {},
          "the store is degraded: " + printable(store.find("reason").as_text().value_or(""))};
}

}  // namespace

std::string_view name_of(CheckState state) noexcept {
  switch (state) {
    case CheckState::ok:
      return "ok";
    case CheckState::warning:
      return "warning";
    case CheckState::critical:
      return "critical";
    case CheckState::unknown:
      break;
  }
  return "unknown";
}

CheckState Limits::judge(std::uint64_t value) const noexcept {
  if (critical && value >= *critical) return CheckState::critical;
  return warning && value >= *warning ? CheckState::warning : CheckState::ok;
}

std::optional<Limits> parse_limits(std::string_view text) {
  const std::size_t comma = text.find(',');
  Limits limits;
  if (comma == std::string_view::npos) return std::nullopt;
  if (!parse_limit(text.substr(0, comma), limits.warning)) return std::nullopt;
  if (!parse_limit(text.substr(comma + 1), limits.critical)) return std::nullopt;
  return limits;
}

std::vector<Finding> judge(const Params& stats, const CheckThresholds& thresholds) {
  const Params recent = stats.find("recent").entries();
  const std::uint64_t live = uint_of(stats, "publishers_live");
  std::vector<Finding> findings;
  const std::uint64_t before = uint_of(recent, "events_lost_before");
  findings.push_back(finding("lost_before", before, thresholds.lost_before,
                             counted(before, "events lost before the broker in the last minute")));
  const std::uint64_t after = uint_of(recent, "events_lost_after");
  findings.push_back(finding("lost_after", after, thresholds.lost_after,
                             counted(after, "events reported as lost by readers in the last minute")));
  const std::uint64_t vanished = uint_of(recent, "publishers_lost");
  findings.push_back(finding("publishers_lost", vanished, thresholds.publishers_lost,
                             counted(vanished, "publishers vanished in the last minute")));
  const Params store = stats.find("store").entries();
  if (!store.empty()) findings.push_back(finding_of_store(store));
  const std::uint64_t left_out = uint_of(recent, "store_left_out");
  findings.push_back(finding("store_left_out", left_out, thresholds.store_left_out,
                             counted(left_out, "events not stored on the disk in the last minute")));
  Finding up{"publishers", CheckState::ok, live, {}, counted(live, "publishers up")};
  if (live < thresholds.publishers_min) {
    up.state = CheckState::critical;
    up.text += ", at least " + std::to_string(thresholds.publishers_min) + " expected";
  }
  findings.push_back(std::move(up));
  const std::uint64_t memory = uint_of(stats, "memory_bytes");
  findings.push_back(finding("memory_mb", memory / bytes_per_mb, thresholds.memory_mb,
                             "memory of the broker " + bytes_text(memory)));
  return findings;
}

CheckState worst_of(const std::vector<Finding>& findings) noexcept {
  CheckState worst = CheckState::ok;
  for (const Finding& each : findings) worst = std::max(worst, each.state);
  return worst;
}

}  // namespace zevi::cli

#include "check_formats.hpp"

#include <algorithm>
#include <array>

#include "printable.hpp"
#include "zevi/json.hpp"

namespace zevi::cli {

namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::string limit_text(const std::optional<std::uint64_t>& limit) {
  return limit ? std::to_string(*limit) : "";
}

/// What is wrong, or of everything if nothing is.
std::string summary(const std::vector<Finding>& findings) {
  const bool all = worst_of(findings) == CheckState::ok;
  std::string text;
  for (const Finding& finding : findings) {
    if (!all && finding.state == CheckState::ok) continue;
    if (!text.empty()) text += ", ";
    text += finding.text;
  }
  return text;
}

void append_json_limit(std::string& out, std::string_view key, const std::optional<std::uint64_t>& limit) {
  out.append(",\"").append(key).append("\":").append(limit ? std::to_string(*limit) : "null");
}

void append_metric(std::string& out, std::string_view name, std::string_view type, std::string_view help,
                   const std::string& value) {
  out.append("# HELP zevi_").append(name).append(" ").append(help).append("\n");
  out.append("# TYPE zevi_").append(name).append(" ").append(type).append("\n");
  out.append("zevi_").append(name).append(" ").append(value).append("\n");
}

std::string number_text(const Params& row, std::string_view key) {
  return std::to_string(row.find(key).as_uint().value_or(0));
}

/// A name as Prometheus takes it.
std::string metric_name(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    const bool is_good =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!is_good) c = '_';
  }
  return out;
}

}  // namespace

void append_check_text(std::string& out, const std::vector<Finding>& findings) {
  out.append(name_of(worst_of(findings))).append(": ").append(summary(findings)).append("\n");
  for (const Finding& finding : findings) {
    constexpr std::size_t width = 10;
    const std::string_view state = name_of(finding.state);
    out.append("  ").append(state).append(width - state.size(), ' ').append(finding.text);
    if (finding.limits.warning || finding.limits.critical) {
      out.append(" (warning from ")
          .append(finding.limits.warning ? limit_text(finding.limits.warning) : "never");
      out.append(", critical from ");
      out.append(finding.limits.critical ? limit_text(finding.limits.critical) : "never").append(")");
    }
    out.append("\n");
  }
}

void append_check_nagios(std::string& out, const std::vector<Finding>& findings) {
  out.append("ZEVI ").append(upper(name_of(worst_of(findings)))).append(" - ").append(summary(findings));
  std::string data;
  for (const Finding& finding : findings) {
    if (finding.name == "broker") continue;
    data.append(" ").append(finding.name).append("=").append(std::to_string(finding.value));
    data.append(";").append(limit_text(finding.limits.warning));
    data.append(";").append(limit_text(finding.limits.critical)).append(";0");
  }
  if (!data.empty()) out.append(" |").append(data);
  out.append("\n");
}

void append_check_json(std::string& out, const std::vector<Finding>& findings) {
  const CheckState worst = worst_of(findings);
  out.append("{\"state\":\"").append(name_of(worst)).append("\",\"code\":");
  out.append(std::to_string(static_cast<int>(worst))).append(",\"findings\":[");
  for (const Finding& finding : findings) {
    if (&finding != &findings.front()) out += ',';
    out.append("{\"name\":\"").append(finding.name).append("\",\"state\":\"").append(name_of(finding.state));
    out.append("\",\"value\":").append(std::to_string(finding.value));
    append_json_limit(out, "warning", finding.limits.warning);
    append_json_limit(out, "critical", finding.limits.critical);
    out.append(",\"text\":");
    append_json_string(out, finding.text);
    out += '}';
  }
  out.append("]}\n");
}

void append_check_prometheus(std::string& out, const std::vector<Finding>& findings, const Params& stats,
                             const std::vector<std::string>& counters) {
  append_metric(out, "up", "gauge", "1 if the broker answers", stats.empty() ? "0" : "1");
  append_metric(out, "check_state", "gauge",
                "worst finding of zevi check: 0 ok, 1 warning, 2 critical, 3 unknown",
                std::to_string(static_cast<int>(worst_of(findings))));
  if (stats.empty()) return;
  append_metric(out, "memory_bytes", "gauge", "memory of the broker", number_text(stats, "memory_bytes"));
  append_metric(out, "publishers_live", "gauge", "publishers that are up",
                number_text(stats, "publishers_live"));
  append_metric(out, "topics", "gauge", "topics that the broker knows", number_text(stats, "topics"));
  append_metric(out, "subscriptions_stream", "gauge", "subscriptions at the endpoint stream",
                number_text(stats, "subscriptions_stream"));
  append_metric(out, "subscriptions_events", "gauge", "subscriptions at the endpoint events",
                number_text(stats, "subscriptions_events"));
  append_metric(out, "subscriptions_routes", "gauge", "subscriptions at the routes",
                number_text(stats, "subscriptions_routes"));
  if (const Params store = stats.find("store").entries(); !store.empty()) {
    const bool is_degraded = store.find("state").as_text().value_or("") == "degraded";
    append_metric(out, "store_degraded", "gauge", "1 if the disk of the store is full or fails",
                  is_degraded ? "1" : "0");
    append_metric(out, "store_waiting_bytes", "gauge", "what waits to be written to the store",
                  number_text(store, "waiting_bytes"));
  }
  for (const std::string& raw : counters) {
    const Params row(raw);
    const std::string_view name = row.find("name").as_text().value_or("");
    const bool is_gauge = row.find("level").as_bool().value_or(false);
    append_metric(out, metric_name(name) + (is_gauge ? "" : "_total"), is_gauge ? "gauge" : "counter",
                  printable(row.find("help").as_text().value_or("")), number_text(row, "value"));
  }
}

}  // namespace zevi::cli

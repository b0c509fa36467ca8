#include "config/history_options.hpp"

#include <optional>
#include <sstream>
#include <string_view>

#include "config/prefixed.hpp"
#include "quantities.hpp"

namespace zevi::broker {

namespace {

constexpr std::string_view history_form =
    "write PREFIX=LIMIT[,LIMIT...], a LIMIT being a size (64MB), an age (24h), a count (1000000events) or "
    "none";

/// `text` as a quantity with its unit, if it is one.
template <typename Quantity>
std::optional<Quantity> read(std::string_view text) {
  std::istringstream in{std::string(text)};
  Quantity quantity;
  if (text.empty() || !(in >> quantity) || in.peek() != std::istringstream::traits_type::eof()) return {};
  return quantity;
}

/// False if `text` is no limit.
bool add_limit(HistoryLimit& limit, std::string_view text) {
  constexpr std::string_view events = "events";
  if (text.ends_with(events)) {
    const auto count = read<std::uint64_t>(text.substr(0, text.size() - events.size()));
    limit.events_max = count.value_or(0);
    return limit.events_max > 0;
  }
  if (const auto size = read<program::ByteSize>(text)) {
    limit.bytes_max = size->value;
    return true;
  }
  const auto age = read<program::Duration>(text);
  if (!age || age->value.count() == 0) return false;
  limit.age_max = age->value;
  return true;
}

HistoryLimit parse_history_limit(std::string_view value) {
  if (value.find('=') == std::string_view::npos) {
    throw wrong("history", value, "no PREFIX= in front", history_form);
  }
  std::string_view rest = value;
  HistoryLimit limit;
  limit.prefix = prefix_of(cut(rest, '='));
  if (rest == "none") {
    limit.kept = false;
    return limit;
  }
  for (;;) {
    const bool is_last = rest.find(',') == std::string_view::npos;
    const std::string_view text = cut(rest, ',');
    if (!add_limit(limit, text)) {
      throw wrong("history", value, "'" + std::string(text) + "' is no limit", history_form);
    }
    if (is_last) return limit;
  }
}

}  // namespace

std::vector<HistoryLimit> parse_history(const std::vector<std::string>& values) {
  if (values.size() == 1 && values.front() == "none") return {};
  std::vector<HistoryLimit> limits;
  for (const std::string& value : values) limits.push_back(parse_history_limit(value));
  return limits;
}

std::vector<MaxAge> parse_max_age(const std::vector<std::string>& values) {
  std::vector<MaxAge> ages;
  for (const std::string& value : values) {
    std::string_view rest = value;
    const std::string_view prefix = cut(rest, '=');
    const auto age = read<program::Duration>(rest);
    if (!age) throw wrong("max-age", value, "no time", "write PREFIX=TIME, as in E_CORE_=24h");
    ages.push_back({prefix_of(prefix), age->value});
  }
  return ages;
}

std::vector<AckRule> parse_acks(const std::vector<std::string>& values) {
  std::vector<AckRule> rules;
  for (const std::string& value : values) {
    std::string_view rest = value;
    AckRule rule;
    rule.prefix = prefix_of(cut(rest, '='));
    if (rest == "written") {
      rule.level = AckLevel::written;
    } else if (rest == "synced") {
      rule.level = AckLevel::synced;
    } else if (rest != "memory") {
      throw wrong("ack", value, "no level", "write PREFIX=memory, PREFIX=written or PREFIX=synced");
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

std::vector<CatalogueRule> parse_catalogue(const std::vector<std::string>& values) {
  using Policy = CatalogueRule::Policy;
  std::vector<CatalogueRule> rules;
  for (const std::string& value : values) {
    std::string_view rest = value;
    CatalogueRule rule;
    rule.prefix = prefix_of(cut(rest, '='));
    if (rest == "warn") {
      rule.policy = Policy::warn;
    } else if (rest == "strict") {
      rule.policy = Policy::strict;
    } else if (rest != "open") {
      throw wrong("catalogue", value, "no policy", "write PREFIX=open, PREFIX=warn or PREFIX=strict");
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace zevi::broker

#include "catalogue_policy.hpp"

#include <algorithm>

#include "history/retention.hpp"

namespace zevi::broker {

namespace {

/// Topics that are remembered; with more, all are looked up anew.
constexpr std::size_t known_max = 65'536;

Catalogue read_catalogue(const std::vector<std::string>& files) {
  Catalogue catalogue;
  catalogue.add_opensips_modules();
  for (const std::string& file : files) catalogue.add_file(file);
  return catalogue;
}

}  // namespace

CataloguePolicy::CataloguePolicy(const BrokerOptions& options)
    : rules_(options.catalogue), catalogue_(read_catalogue(options.catalogue_files)) {}

const CataloguePolicy::Known& CataloguePolicy::look_up(std::string_view topic) {
  if (const auto found = known_.find(topic); found != known_.end()) return found->second;
  if (known_.size() >= known_max) known_.clear();
  const CatalogueRule* const rule = longest_prefix(rules_, topic);
  const Known known{rule == nullptr ? CatalogueRule::Policy::open : rule->policy,
                    catalogue_.find(topic) != nullptr};
  return known_.emplace(std::string(topic), known).first->second;
}

CataloguePolicy::Finding CataloguePolicy::check(std::string_view topic, std::string_view body,
                                                std::uint32_t n) {
  const Known& known = look_up(topic);
  Finding finding{known.policy, 0, {}};
  if (known.policy == CatalogueRule::Policy::open) return finding;
  if (!known.is_described) {
    reason_ = "the catalogue does not know " + std::string(topic);
    return {known.policy, n, reason_};
  }
  if (!wire::check_body(body, n, places_)) return finding;
  for (const wire::EntryPlace& place : places_) {
    const CatalogueFinding found = catalogue_.check(topic, place.params(body));
    if (found) continue;
    if (finding.events++ == 0) finding.reason = reason_ = found.describe();
  }
  return finding;
}

std::string_view name_of(CatalogueRule::Policy policy) noexcept {
  switch (policy) {
    case CatalogueRule::Policy::warn:
      return "warn";
    case CatalogueRule::Policy::strict:
      return "strict";
    case CatalogueRule::Policy::open:
      break;
  }
  return "open";
}

void check_catalogue(const BrokerOptions& options) {
  check_prefixes(options.catalogue, "catalogue");
  if (!options.catalogue_files.empty() && options.catalogue.empty()) {
    throw Error("catalogue-file needs a rule that asks for it, as in --catalogue '*=warn'");
  }
  if (!options.catalogue_files.empty()) static_cast<void>(read_catalogue(options.catalogue_files));
}

std::optional<CataloguePolicy> make_catalogue_policy(const BrokerOptions& options) {
  const bool is_asked_for =
      std::any_of(options.catalogue.begin(), options.catalogue.end(),
                  [](const CatalogueRule& rule) { return rule.policy != CatalogueRule::Policy::open; });
  return is_asked_for ? std::optional<CataloguePolicy>(std::in_place, options) : std::nullopt;
}

}  // namespace zevi::broker

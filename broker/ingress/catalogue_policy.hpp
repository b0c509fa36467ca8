#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/string_map.hpp"
#include "zevi/broker.hpp"
#include "zevi/catalogue.hpp"
#include "zevi/wire/body.hpp"

namespace zevi::broker {

/// Compares what publishers send with the catalogue of events, where a rule asks for it. Belongs to the
/// routing thread.
class CataloguePolicy {
 public:
  /// Knows the events of OpenSIPS and of the broker, and those of the files that the options name. Throws
  /// `zevi::Error` for a file that cannot be read.
  explicit CataloguePolicy(const BrokerOptions& options);

  struct Finding {
    CatalogueRule::Policy policy = CatalogueRule::Policy::open;  ///< that the topic has
    std::uint64_t events = 0;                                    ///< that differ from the catalogue
    std::string_view reason;  ///< how the first of them does, in words; valid until the next call
  };
  /// What there is to say of a batch, whose body has been checked.
  [[nodiscard]] Finding check(std::string_view topic, std::string_view body, std::uint32_t n);

 private:
  struct Known {
    CatalogueRule::Policy policy = CatalogueRule::Policy::open;
    bool is_described = false;
  };
  [[nodiscard]] const Known& look_up(std::string_view topic);

  std::vector<CatalogueRule> rules_;
  Catalogue catalogue_;
  StringMap<Known> known_;  // of topics that have come
  std::vector<wire::EntryPlace> places_;
  std::string reason_;
};

[[nodiscard]] std::string_view name_of(CatalogueRule::Policy policy) noexcept;

/// Throws `zevi::Error` that names the option and the remedy, if a rule is wrong or a file cannot be read.
void check_catalogue(const BrokerOptions& options);

/// None if no rule asks for a comparison.
[[nodiscard]] std::optional<CataloguePolicy> make_catalogue_policy(const BrokerOptions& options);

}  // namespace zevi::broker

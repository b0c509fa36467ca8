#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingress/catalogue_policy.hpp"
#include "security/access_list.hpp"
#include "zevi/broker.hpp"

namespace zevi::broker {

/// Options for a broker that runs already.
struct Reload {
  BrokerOptions options;             ///< those it has, with what can change taken over
  std::optional<AccessLists> lists;  ///< read again; none if it has none
  std::optional<CataloguePolicy> catalogue;
  std::vector<std::string> need_restart;
};

/// What becomes of a broker that has `current` when `wanted`, which was checked, is asked for. Throws
/// `zevi::Error` if an access list or a catalogue cannot be read.
[[nodiscard]] Reload prepare_reload(const BrokerOptions& current, const BrokerOptions& wanted);

}  // namespace zevi::broker

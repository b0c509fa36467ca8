#pragma once

#include "bridge.hpp"
#include "program.hpp"

namespace zevi::bridges {

/// Options that say who the bridge is to the bus. None of them is a secret itself: everybody can see a
/// command line. Secrets come from files or from the environment.
void add_secret_options(program::OptionTable& table);

/// Where the bus is: the URL of the command line, else of `$ZEVI_BRIDGE_URL`, which alone may hold a
/// password.
[[nodiscard]] BusUrl read_url(const program::po::variables_map& values);
[[nodiscard]] Credentials read_credentials(const program::po::variables_map& values, const BusUrl& url);
[[nodiscard]] Tls read_tls(const program::po::variables_map& values);

}  // namespace zevi::bridges

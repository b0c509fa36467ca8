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

// For buses that know users by their passwords. `bus` is how such a bus is called.

void refuse_tokens_and_keys(const Credentials& who, const std::string& bus);
/// If there is a password.
void want_user(const Credentials& who, const std::string& bus);
/// If there is a user.
void want_password(const Credentials& who, const std::string& bus);

}  // namespace zevi::bridges

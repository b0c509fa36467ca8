#pragma once

#include "program.hpp"

namespace zevi::program {

/// The options with which a program proves who it is to a broker on another machine.
struct CurveOptions {
  std::string key_file;    ///< of the own secret key; empty: none
  std::string server_key;  ///< the broker's public key, or a file that holds it
};

/// Adds `--curve-key` and `--curve-server-key`.
void add_curve_options(OptionTable& table);
/// Throws `UsageError` if there is one without the other.
[[nodiscard]] CurveOptions curve_options(const po::variables_map& values);

}  // namespace zevi::program

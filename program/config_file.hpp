#pragma once

#include <iosfwd>
#include <string>

#include "program.hpp"

namespace zevi::program {

/// Reads `path`, options by their long names, `name = value` a line, `#` begins a comment, into `values`, for
/// what they leave open. Throws `ConfigError` that names file, line and option.
void read_config_file(const std::string& path, const OptionTable& table, po::variables_map& values);

/// Writes `values` as a configuration file that says the same, each option behind what it means. What has no
/// value stands there as a comment.
void print_config(const OptionTable& table, const po::variables_map& values, std::ostream& out);

}  // namespace zevi::program

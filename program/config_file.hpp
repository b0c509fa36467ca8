#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

#include "program.hpp"

namespace zevi::program {

/// Reads `path`, options by their long names, `name = value` a line, `#` begins a comment, into `values`, for
/// what they leave open; an option without a value is `on` or `off` there. Throws `ConfigError` that names
/// file, line and option.
void read_config_file(const std::string& path, const OptionTable& table, po::variables_map& values);

/// What stands behind a line `[NAME]` of a configuration file, or before the first.
struct ConfigSection {
  std::string name;                  ///< empty: it stands before the first
  std::size_t line = 0;              ///< the number of that line
  std::vector<std::string> lines{};  ///< those behind it
};

struct SectionedFile {
  ConfigSection head{};                   ///< what stands before the first
  std::vector<ConfigSection> sections{};  ///< at least one, in their order
};

/// Throws `ConfigError` for a file that cannot be read or has no section, and for a name that comes twice or
/// is not 1 to 64 letters, digits, `.`, `_` and `-`.
[[nodiscard]] SectionedFile read_sectioned_file(const std::string& path);

/// Reads one section of `path` as `read_config_file` does a file.
void read_config_section(const std::string& path, const ConfigSection& section, const OptionTable& table,
                         po::variables_map& values);

/// Writes `values` as a configuration file that says the same, each option behind what it means. What has no
/// value stands there as a comment.
void print_config(const OptionTable& table, const po::variables_map& values, std::ostream& out);

}  // namespace zevi::program

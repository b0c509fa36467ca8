#pragma once

#include <boost/program_options/options_description.hpp>
#include <string>

/// What `--help` says of an option, in its parts.
namespace zevi::program {

/// `-c`; empty if it has none.
[[nodiscard]] std::string short_name(const boost::program_options::option_description& option);

/// What its value is called: `FILE`; empty if it takes none.
[[nodiscard]] std::string value_name(const boost::program_options::option_description& option);

/// What its value is if it is not given; empty if that is not said.
[[nodiscard]] std::string default_text(const boost::program_options::option_description& option);

}  // namespace zevi::program

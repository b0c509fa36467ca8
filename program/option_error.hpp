#pragma once

#include <boost/program_options/errors.hpp>
#include <string>

#include "program.hpp"

namespace zevi::program {

/// What went wrong with an option of a command line or a configuration file, with the nearest name for one
/// that does not exist.
[[nodiscard]] std::string words_of(const OptionTable& table, const po::error& error);

}  // namespace zevi::program

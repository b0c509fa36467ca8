#pragma once

#include <iosfwd>
#include <string_view>

#include "program.hpp"

namespace zevi::program {

/// Writes what makes a shell complete the options of a program: `bash`, `zsh` or `fish`. Behind an option it
/// offers files where its value is a FILE, directories where it is a DIR. Throws `UsageError` for any other
/// shell.
void print_completion(std::string_view shell, const About& about, const OptionTable& table,
                      std::ostream& out);

}  // namespace zevi::program

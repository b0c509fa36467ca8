#pragma once

#include <iosfwd>

#include "program.hpp"

namespace zevi::program {

/// Writes the manual page of a program, in the language of man(7), of what `--help` says.
void print_man_page(const About& about, const OptionTable& table, std::ostream& out);

/// `zevi sub` is the file zevi-sub, and so is its page.
[[nodiscard]] std::string file_name_of(const About& about);

/// The first sentence of the purpose, on one line.
[[nodiscard]] std::string summary_of(const About& about);

}  // namespace zevi::program

#include "man_page.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <ostream>
#include <sstream>
#include <string>

#include "option_words.hpp"
#include "version.hpp"

namespace zevi::program {

namespace {

/// Text as troff leaves it alone.
std::string escaped(std::string_view text) {
  std::string out;
  bool at_line_begin = true;
  for (const char c : text) {
    if (at_line_begin && (c == '.' || c == '\'')) out += "\\&";
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '\'':
        out += "\\(aq";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '~':
        out += "\\(ti";
        break;
      case '`':
        out += "\\(ga";
        break;
      default:
        out += c;
    }
    at_line_begin = c == '\n';
  }
  return out;
}

/// Lines of prose, which the reader's terminal breaks anew; an empty one begins a paragraph.
void print_prose(std::string_view text, std::ostream& out) {
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string::npos) {
      out << ".PP\n";
    } else {
      out << escaped(line.substr(begin)) << "\n";
    }
  }
}

void print_literal(std::string_view text, std::ostream& out) {
  out << ".nf\n" << escaped(text) << "\n.fi\n";
}

void print_option(const po::option_description& option, std::ostream& out) {
  out << ".TP\n";
  if (const std::string letter = short_name(option); !letter.empty()) {
    out << "\\fB" << escaped(letter) << "\\fR, ";
  }
  out << "\\fB\\-\\-" << escaped(option.long_name()) << "\\fR";
  if (const std::string value = value_name(option); !value.empty()) {
    out << " \\fI" << escaped(value) << "\\fR";
  }
  out << "\n" << escaped(option.description());
  if (const std::string text = default_text(option); !text.empty()) out << "; default " << escaped(text);
  out << "\n";
}

/// The variables that the options tell of, each with the first option that does.
std::map<std::string, std::string> variables(const OptionTable& table) {
  std::map<std::string, std::string> found;
  for (const auto& option : table.visible.options()) {
    const std::string& text = option->description();
    for (std::size_t at = text.find('$'); at != std::string::npos; at = text.find('$', at + 1)) {
      std::size_t end = at + 1;
      while (end < text.size() &&
             (std::isupper(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_'))
        ++end;
      if (end > at + 1) found.emplace(text.substr(at + 1, end - at - 1), option->long_name());
    }
  }
  return found;
}

void print_surroundings(const About& about, const OptionTable& table, std::ostream& out) {
  if (!table.config_option.empty()) {
    out << ".SH CONFIGURATION FILE\nThe file of \\fB\\-\\-" << escaped(table.config_option)
        << "\\fR holds a line \\fINAME\\fR = \\fIVALUE\\fR for each option, under its long name; what can be "
           "given several\ntimes stands on several lines. A line that begins with # is a comment. What the "
           "command line says goes before\nthe file.\n";
  }
  const auto names = variables(table);
  if (!names.empty()) out << ".SH ENVIRONMENT\n";
  for (const auto& [name, option] : names) {
    out << ".TP\n.B " << name << "\nSee \\fB\\-\\-" << escaped(option) << "\\fR.\n";
  }
  if (table.visible.find_nothrow("runtime-dir", false) != nullptr) {
    out << ".SH FILES\n.TP\n.I /run/zevi\nThe broker\\(aqs sockets, unless another directory is chosen.\n";
    if (!about.service_config.empty()) {
      out << ".TP\n.I " << escaped(about.service_config) << "\nThe \\fB\\-\\-" << escaped(table.config_option)
          << "\\fR of the service.\n";
    }
  }
}

}  // namespace

std::string file_name_of(const About& about) {
  std::string name(about.name);
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string summary_of(const About& about) {
  std::string summary(about.purpose.substr(0, about.purpose.find_first_of(".:")));
  std::replace(summary.begin(), summary.end(), '\n', ' ');
  return summary;
}

void print_man_page(const About& about, const OptionTable& table, std::ostream& out) {
  const std::string name = file_name_of(about);
  std::string summary = summary_of(about);
  summary[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(summary[0])));
  out << ".TH " << name << " " << about.section << " \"\" \"Zevi " << version << "\" \"Zevi\"\n"
      << ".SH NAME\n"
      << escaped(name) << " \\- " << escaped(summary) << "\n"
      << ".SH SYNOPSIS\n.B " << escaped(about.name) << "\n"
      << escaped(about.synopsis) << "\n"
      << ".SH DESCRIPTION\n";
  print_prose(about.purpose, out);
  out << ".SH OPTIONS\n";
  for (const auto& option : table.visible.options()) print_option(*option, out);
  if (!about.exit_status.empty()) {
    out << ".SH EXIT STATUS\n";
    print_prose(about.exit_status, out);
  }
  print_surroundings(about, table, out);
  if (!about.examples.empty()) {
    out << ".SH EXAMPLES\n";
    print_literal(about.examples, out);
  }
  out << ".SH SEE ALSO\n";
  if (name != "zevid") out << ".BR zevid (8),\n";
  out << ".BR zevi (1)\n";
}

}  // namespace zevi::program

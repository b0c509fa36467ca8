#include "completion.hpp"

#include <algorithm>
#include <boost/program_options/cmdline.hpp>
#include <ostream>
#include <string>

#include "man_page.hpp"

namespace zevi::program {

namespace {

enum class Value { none, file, directory, other };

std::string value_name(const po::option_description& option) {
  const std::string parameter = option.format_parameter();
  return parameter.substr(0, parameter.find(" (="));
}

Value value_of(const po::option_description& option) {
  const std::string name = value_name(option);
  if (name.empty()) return Value::none;
  if (name == "FILE") return Value::file;
  return name == "DIR" ? Value::directory : Value::other;
}

/// One letter without its dash; empty for none.
std::string short_name(const po::option_description& option) {
  const std::string name = option.canonical_display_name(po::command_line_style::allow_dash_for_short);
  return name.starts_with("-") ? name.substr(1) : "";
}

/// What it is, without what is said of it beyond the first clause.
std::string clause_of(const po::option_description& option) {
  const std::string& text = option.description();
  return text.substr(0, std::min({text.find(';'), text.find(": "), text.find(" (")}));
}

bool is_repeatable(const po::option_description& option) {
  return option.description().find("repeatable") != std::string::npos;
}

/// Text between single quotes as all three shells read it; fish alone takes a backslash there for more.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else if (c != '\\') {
      out += c;
    }
  }
  return out += "'";
}

/// ` | --option` for each option with such a value, the first without the bar.
std::string bash_pattern(const OptionTable& table, Value value) {
  std::string pattern;
  for (const auto& option : table.visible.options()) {
    if (value_of(*option) != value) continue;
    if (!pattern.empty()) pattern += " | ";
    pattern += "--" + option->long_name();
    if (!short_name(*option).empty()) pattern += " | -" + short_name(*option);
  }
  return pattern;
}

void print_bash(const std::string& program, const OptionTable& table, std::ostream& out) {
  const auto print_case = [&](Value value, std::string_view reply) {
    const std::string pattern = bash_pattern(table, value);
    if (!pattern.empty()) out << "    " << pattern << ") COMPREPLY=(" << reply << ") ;;\n";
  };
  out << "# Completion of " << program << " for bash.\n\n_" << program << "() {\n"
      << "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
      << "  case $prev in\n";
  print_case(Value::file, "$(compgen -f -- \"$cur\")");
  print_case(Value::directory, "$(compgen -d -- \"$cur\")");
  print_case(Value::other, "");
  out << "    *) COMPREPLY=($(compgen -W \"";
  for (const auto& option : table.visible.options()) out << "--" << option->long_name() << " ";
  out << "\" -- \"$cur\")) ;;\n  esac\n}\n\ncomplete -F _" << program << " " << program << "\n";
}

/// Behind the name: what it is, what its value is called and where that is found.
std::string zsh_words(const po::option_description& option) {
  std::string words = "[";
  for (const char c : clause_of(option)) {
    if (c == '[' || c == ']') words += '\\';
    words += c;
  }
  words += "]";
  const Value value = value_of(option);
  if (value == Value::none) return words;
  words += ":";
  for (const char c : value_name(option)) {
    if (c == ':') words += '\\';
    words += c;
  }
  if (value == Value::file) return words + ":_files";
  return words + (value == Value::directory ? ":_files -/" : ":");
}

void print_zsh(const std::string& program, const OptionTable& table, std::ostream& out) {
  out << "#compdef " << program << "\n\n_arguments";
  for (const auto& option : table.visible.options()) {
    const bool takes_value = value_of(*option) != Value::none;
    const std::string often = is_repeatable(*option) ? "*" : "";
    const std::string words = zsh_words(*option);
    // Not quoted by quoted(): here a backslash has a meaning.
    const auto print_spec = [&](const std::string& name) {
      out << " \\\n  '";
      for (const char c : often + name + words) out << (c == '\'' ? "'\\''" : std::string(1, c));
      out << "'";
    };
    print_spec("--" + option->long_name() + (takes_value ? "=" : ""));
    if (!short_name(*option).empty()) print_spec("-" + short_name(*option) + (takes_value ? "+" : ""));
  }
  out << "\n";
}

void print_fish(const std::string& program, const OptionTable& table, std::ostream& out) {
  out << "# Completion of " << program << " for fish.\n\ncomplete -c " << program << " -f\n";
  for (const auto& option : table.visible.options()) {
    out << "complete -c " << program << " -l " << option->long_name();
    if (!short_name(*option).empty()) out << " -s " << short_name(*option);
    switch (value_of(*option)) {
      case Value::none:
        break;
      case Value::file:
        out << " -r -F";
        break;
      case Value::directory:
        out << " -x -a '(__fish_complete_directories)'";
        break;
      case Value::other:
        out << " -x";
    }
    out << " -d " << quoted(clause_of(*option)) << "\n";
  }
}

}  // namespace

void print_completion(std::string_view shell, const About& about, const OptionTable& table,
                      std::ostream& out) {
  const std::string program = file_name_of(about);
  if (shell == "bash") return print_bash(program, table, out);
  if (shell == "zsh") return print_zsh(program, table, out);
  if (shell == "fish") return print_fish(program, table, out);
  throw UsageError("no completion for '" + std::string(shell) + "': --completion takes bash, zsh or fish");
}

}  // namespace zevi::program

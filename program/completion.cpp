#include "completion.hpp"

#include <algorithm>
#include <ostream>
#include <string>

#include "man_page.hpp"
#include "option_words.hpp"

namespace zevi::program {

namespace {

enum class Value { none, file, directory, other };

Value value_of(const po::option_description& option) {
  const std::string name = value_name(option);
  if (name.empty()) return Value::none;
  if (name == "FILE") return Value::file;
  return name == "DIR" ? Value::directory : Value::other;
}

/// What it is, without what is said of it beyond the first clause.
std::string clause_of(const po::option_description& option) {
  const std::string& text = option.description();
  return text.substr(0, std::min({text.find(';'), text.find(": "), text.find(" (")}));
}

bool is_repeatable(const po::option_description& option) {
  return option.description().find("repeatable") != std::string::npos;
}

/// Between single quotes, as all three shells read it.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += "'\\'";
    out += c;
  }
  return out += "'";
}

std::string with_backslashes(std::string_view text, std::string_view before) {
  std::string out;
  for (const char c : text) {
    if (before.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

/// ` | --option` for each option with such a value, the first without the bar.
std::string bash_pattern(const OptionTable& table, Value value) {
  std::string pattern;
  for (const auto& option : table.visible.options()) {
    if (value_of(*option) != value) continue;
    if (!pattern.empty()) pattern += " | ";
    pattern += "--" + option->long_name();
    if (const std::string letter = short_name(*option); !letter.empty()) pattern += " | " + letter;
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
  std::string words = "[" + with_backslashes(clause_of(option), "[]") + "]";
  const Value value = value_of(option);
  if (value == Value::none) return words;
  words += ":" + with_backslashes(value_name(option), ":");
  if (value == Value::file) return words + ":_files";
  return words + (value == Value::directory ? ":_files -/" : ":");
}

void print_zsh(const std::string& program, const OptionTable& table, std::ostream& out) {
  out << "#compdef " << program << "\n\n_arguments";
  for (const auto& option : table.visible.options()) {
    const bool takes_value = value_of(*option) != Value::none;
    const std::string often = is_repeatable(*option) ? "*" : "";
    const std::string words = zsh_words(*option);
    const auto print_spec = [&](const std::string& name) {
      out << " \\\n  " << quoted(often + name + words);
    };
    print_spec("--" + option->long_name() + (takes_value ? "=" : ""));
    const std::string letter = short_name(*option);
    if (!letter.empty()) print_spec(letter + (takes_value ? "+" : ""));
  }
  out << "\n";
}

void print_fish(const std::string& program, const OptionTable& table, std::ostream& out) {
  out << "# Completion of " << program << " for fish.\n\ncomplete -c " << program << " -f\n";
  for (const auto& option : table.visible.options()) {
    out << "complete -c " << program << " -l " << option->long_name();
    if (const std::string letter = short_name(*option); !letter.empty()) out << " -s " << letter.substr(1);
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
    std::string what = clause_of(*option);
    std::erase(what, '\\');  // means something to fish between quotes too
    out << " -d " << quoted(what) << "\n";
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

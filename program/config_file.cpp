#include "config_file.hpp"

#include <algorithm>
#include <boost/program_options/errors.hpp>
#include <boost/program_options/parsers.hpp>
#include <cstdint>
#include <fstream>
#include <map>
#include <ostream>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "option_error.hpp"
#include "quantities.hpp"

namespace zevi::program {

namespace {

constexpr std::size_t comment_columns = 98;

bool is_among(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_for_command_line(const OptionTable& table, const std::string& name) {
  return name == "help" || name == "version" || name == table.config_option ||
         is_among(table.command_line_only, name);
}

/// An option that is a word of its own on the command line says in a file whether it is given.
bool is_given(const po::option& option, const OptionTable& table) {
  const po::option_description* const known = table.visible.find_nothrow(option.string_key, false);
  if (known == nullptr || known->semantic()->max_tokens() != 0) return true;
  const std::string value = option.value.empty() ? "" : option.value.front();
  if (value != "on" && value != "off") {
    throw ConfigError("'" + option.string_key + "' is on or off, not '" + value + "'");
  }
  return value == "on";
}

/// One line of a file as Boost reads it.
po::parsed_options parse_line(const std::string& line, const OptionTable& table) {
  std::istringstream text(line);
  po::parsed_options parsed = po::parse_config_file(text, table.visible);
  for (const po::option& option : parsed.options) {
    if (is_for_command_line(table, option.string_key)) {
      throw ConfigError("'" + option.string_key + "' is for the command line alone");
    }
    if (is_among(table.not_in_sections, option.string_key)) {
      throw ConfigError("'" + option.string_key +
                        "' is for the whole file: it stands before the first section");
    }
  }
  std::erase_if(parsed.options, [&table](const po::option& option) { return !is_given(option, table); });
  return parsed;
}

std::string place(const std::string& path, std::size_t line) {
  return path + ":" + std::to_string(line) + ": ";
}

std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw ConfigError("cannot read configuration file " + path + ": check its path and mode");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(std::move(line));
  if (file.bad()) throw ConfigError("cannot read configuration file " + path + ": it is no file of text");
  return lines;
}

/// The first of `lines` has the number `first` in the file.
void store(const std::string& path, const std::vector<std::string>& lines, std::size_t first,
           const OptionTable& table, po::variables_map& values) {
  po::parsed_options parsed(&table.visible);
  std::map<std::string, std::size_t> numbers;
  std::size_t number = first;
  for (const std::string& line : lines) {
    try {
      for (po::option& option : parse_line(line, table).options) {
        numbers[option.string_key] = number;
        parsed.options.push_back(std::move(option));
      }
    } catch (const po::error& error) {
      throw ConfigError(place(path, number) + words_of(table, error));
    } catch (const ConfigError& error) {
      throw ConfigError(place(path, number) + error.what());
    }
    ++number;
  }
  try {
    po::store(parsed, values);
  } catch (const po::error_with_option_name& error) {
    std::string name = error.get_option_name();
    name.erase(0, std::min(name.find_first_not_of('-'), name.size()));
    const auto found = numbers.find(name);
    throw ConfigError((found == numbers.end() ? path + ": " : place(path, found->second)) +
                      words_of(table, error));
  }
}

/// Without comment and blanks around it.
std::string_view bare(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  line = line.substr(0, line.find('#'));
  const std::size_t begin = line.find_first_not_of(blanks);
  return begin == std::string_view::npos ? "" : line.substr(begin, line.find_last_not_of(blanks) - begin + 1);
}

bool is_section_name(std::string_view name) {
  constexpr std::size_t bytes_max = 64;
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= bytes_max && name.find_first_not_of(plain) == std::string_view::npos;
}

/// The name in a line `[NAME]`.
std::string section_name(std::string_view line, const std::vector<ConfigSection>& before) {
  std::string name(line.substr(1, std::max<std::size_t>(line.size(), 2) - 2));
  if (line.back() != ']' || !is_section_name(name)) {
    throw ConfigError("a section begins with [NAME], 1 to 64 letters, digits, '.', '_' and '-'");
  }
  const auto has_name = [&name](const ConfigSection& section) { return section.name == name; };
  if (std::any_of(before.begin(), before.end(), has_name)) {
    throw ConfigError("there is a section [" + name + "] already");
  }
  return name;
}

/// The texts that a file would hold for a value; empty: it has none.
std::vector<std::string> texts_of(const boost::any& value) {
  const auto text_of = [](const auto& quantity) {
    std::ostringstream out;
    out << quantity;
    return std::vector{out.str()};
  };
  if (const auto* texts = boost::any_cast<std::vector<std::string>>(&value)) return *texts;
  if (const auto* number = boost::any_cast<int>(&value)) return text_of(*number);
  if (const auto* number = boost::any_cast<std::uint64_t>(&value)) return text_of(*number);
  if (const auto* size = boost::any_cast<ByteSize>(&value)) return text_of(*size);
  if (const auto* duration = boost::any_cast<Duration>(&value)) return text_of(*duration);
  const auto* text = boost::any_cast<std::string>(&value);
  return text == nullptr || text->empty() ? std::vector<std::string>{} : std::vector{*text};
}

void print_comment(const std::string& text, std::ostream& out) {
  std::istringstream words(text);
  std::string line = "#";
  for (std::string word; words >> word;) {
    if (line.size() + 1 + word.size() > comment_columns) {
      out << line << "\n";
      line = "#";
    }
    line += " " + word;
  }
  out << line << "\n";
}

}  // namespace

void read_config_file(const std::string& path, const OptionTable& table, po::variables_map& values) {
  store(path, read_lines(path), 1, table, values);
}

SectionedFile read_sectioned_file(const std::string& path) {
  SectionedFile file;
  std::vector<ConfigSection>& sections = file.sections;
  std::size_t number = 0;
  for (std::string& line : read_lines(path)) {
    ++number;
    const std::string_view text = bare(line);
    try {
      if (text.starts_with('[')) {
        sections.push_back({section_name(text, sections), number});
      } else {
        (sections.empty() ? file.head : sections.back()).lines.push_back(std::move(line));
      }
    } catch (const ConfigError& error) {
      throw ConfigError(place(path, number) + error.what());
    }
  }
  if (sections.empty()) throw ConfigError(path + ": there is no section, which begins with [NAME]");
  return file;
}

void read_config_section(const std::string& path, const ConfigSection& section, const OptionTable& table,
                         po::variables_map& values) {
  store(path, section.lines, section.line + 1, table, values);
}

void print_config(const OptionTable& table, const po::variables_map& values, std::ostream& out) {
  for (const auto& option : table.visible.options()) {
    const std::string& name = option->long_name();
    if (is_for_command_line(table, name)) continue;
    print_comment(option->description(), out);
    const std::vector<std::string> texts = texts_of(values[name].value());
    // Nothing at all is not what some options have by default.
    if (texts.empty()) out << (values[name].defaulted() ? "# " : "") << name << " =\n";
    for (const std::string& text : texts) out << name << " = " << text << "\n";
    out << "\n";
  }
}

}  // namespace zevi::program

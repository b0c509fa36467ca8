#include "config_file.hpp"

#include <algorithm>
#include <boost/program_options/errors.hpp>
#include <boost/program_options/parsers.hpp>
#include <cstdint>
#include <fstream>
#include <map>
#include <ostream>
#include <sstream>
#include <vector>

#include "option_error.hpp"
#include "quantities.hpp"

namespace zevi::program {

namespace {

constexpr std::size_t comment_columns = 98;

bool is_for_command_line(const OptionTable& table, const std::string& name) {
  const auto& names = table.command_line_only;
  return name == "help" || name == "version" || name == table.config_option ||
         std::find(names.begin(), names.end(), name) != names.end();
}

/// One line of a file as Boost reads it.
po::parsed_options parse_line(const std::string& line, const OptionTable& table) {
  std::istringstream text(line);
  po::parsed_options parsed = po::parse_config_file(text, table.visible);
  for (const po::option& option : parsed.options) {
    if (is_for_command_line(table, option.string_key)) {
      throw ConfigError("'" + option.string_key + "' is for the command line alone");
    }
  }
  return parsed;
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
  std::ifstream file(path);
  if (!file) throw ConfigError("cannot read configuration file " + path + ": check its path and mode");
  po::parsed_options parsed(&table.visible);
  std::map<std::string, std::size_t> lines;
  const auto at = [&path](std::size_t number) { return path + ":" + std::to_string(number) + ": "; };
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    try {
      for (po::option& option : parse_line(line, table).options) {
        lines[option.string_key] = number;
        parsed.options.push_back(std::move(option));
      }
    } catch (const po::error& error) {
      throw ConfigError(at(number) + words_of(table, error));
    } catch (const ConfigError& error) {
      throw ConfigError(at(number) + error.what());
    }
  }
  if (file.bad()) throw ConfigError("cannot read configuration file " + path + ": it is no file of text");
  try {
    po::store(parsed, values);
  } catch (const po::error_with_option_name& error) {
    std::string name = error.get_option_name();
    name.erase(0, std::min(name.find_first_not_of('-'), name.size()));
    const auto found = lines.find(name);
    throw ConfigError((found == lines.end() ? path + ": " : at(found->second)) + words_of(table, error));
  }
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

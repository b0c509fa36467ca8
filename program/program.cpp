#include "program.hpp"

#include <boost/program_options/errors.hpp>
#include <boost/program_options/parsers.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <vector>

#include "suggestion.hpp"
#include "version.hpp"

namespace zevi::program {

namespace {

std::string suggestion(const OptionTable& table, std::string_view unknown) {
  while (unknown.starts_with('-')) unknown.remove_prefix(1);
  unknown = unknown.substr(0, unknown.find('='));
  std::vector<std::string_view> names;
  for (const auto& option : table.visible.options()) names.push_back(option->long_name());
  const std::string best(nearest(unknown, names));
  return best.empty() ? "" : "; did you mean --" + best + "?";
}

/// Boost's message without its pieces in another style: `the option '--x' ...` is kept, since it names the
/// option.
std::string words_of(const OptionTable& table, const po::error& error) {
  if (const auto* unknown = dynamic_cast<const po::unknown_option*>(&error)) {
    return "unknown option '" + unknown->get_option_name() + "'" +
           suggestion(table, unknown->get_option_name());
  }
  return error.what();
}

void print_help(const About& about, const OptionTable& table) {
  std::cout << "Usage: " << about.name << " " << about.synopsis << "\n\n"
            << about.purpose << "\n\n"
            << table.visible;
  if (!about.examples.empty()) std::cout << "\nExamples:\n" << about.examples << "\n";
}

/// The first sentence of the purpose, for the list that `zevi help` shows.
void print_summary(const About& about) {
  std::string summary(about.purpose.substr(0, about.purpose.find_first_of(".:")));
  for (char& c : summary) {
    if (c == '\n') c = ' ';
  }
  std::cout << summary << "\n";
}

void read_config_file(const std::string& path, const po::options_description& all, const OptionTable& table,
                      po::variables_map& values) {
  std::ifstream file(path);
  if (!file) throw ConfigError("cannot read configuration file " + path + ": check its path and mode");
  try {
    po::store(po::parse_config_file(file, all), values);
  } catch (const po::error& error) {
    throw ConfigError(path + ": " + words_of(table, error));
  }
}

}  // namespace

bool parse(const About& about, OptionTable& table, int argc, const char* const* argv,
           po::variables_map& values) {
  table.visible.add_options()("help,h", "show this help and exit")("version,V", "show the version and exit");
  table.hidden.add_options()("summary", "");
  po::options_description all;
  all.add(table.visible).add(table.hidden);
  po::positional_options_description positional = table.positional;
  if (positional.max_total_count() == 0) {
    // Boost does not say which argument is one too many.
    all.add_options()("stray argument", po::value<std::vector<std::string>>());
    positional.add("stray argument", -1);
  }
  using style = po::command_line_style::style_t;
  constexpr int no_guessing = style::default_style & ~style::allow_guessing;
  try {
    po::store(
        po::command_line_parser(argc, argv).options(all).positional(positional).style(no_guessing).run(),
        values);
    if (values.count("help") != 0) {
      print_help(about, table);
      return false;
    }
    if (values.count("version") != 0) {
      std::cout << about.name << " " << version << "\n";
      return false;
    }
    if (values.count("summary") != 0) {
      print_summary(about);
      return false;
    }
    if (values.count("stray argument") != 0) {
      throw UsageError("unexpected argument '" +
                       values["stray argument"].as<std::vector<std::string>>().front() + "'");
    }
    if (!table.config_option.empty() && values.count(table.config_option) != 0) {
      read_config_file(values[table.config_option].as<std::string>(), all, table, values);
    }
    po::notify(values);
  } catch (const po::error& error) {
    throw UsageError(words_of(table, error));
  }
  return true;
}

int run(std::string_view name, const std::function<int()>& body) noexcept {
  const auto complain = [name](const char* message, const char* hint) {
    std::fprintf(stderr, "%.*s: error: %s%s\n", static_cast<int>(name.size()), name.data(), message, hint);
  };
  try {
    const int code = body();
    std::cout.flush();
    return code;
  } catch (const UsageError& error) {
    complain(error.what(), (" (see " + std::string(name) + " --help)").c_str());
    return exit_usage;
  } catch (const ConfigError& error) {
    complain(error.what(), "");
    return exit_configuration;
  } catch (const std::exception& error) {
    complain(error.what(), "");
    return exit_failure;
  }
}

}  // namespace zevi::program

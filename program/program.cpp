#include "program.hpp"

#include <boost/program_options/errors.hpp>
#include <boost/program_options/parsers.hpp>
#include <cstdio>
#include <iostream>
#include <vector>

#include "completion.hpp"
#include "config_file.hpp"
#include "man_page.hpp"
#include "option_error.hpp"
#include "version.hpp"

namespace zevi::program {

namespace {

void print_help(const About& about, const OptionTable& table) {
  std::cout << "Usage: " << about.name << " " << about.synopsis << "\n\n"
            << about.purpose << "\n\n"
            << table.visible;
  if (!about.examples.empty()) std::cout << "\nExamples:\n" << about.examples << "\n";
  if (!about.exit_status.empty()) std::cout << "\nExit status: " << about.exit_status << "\n";
}

}  // namespace

bool parse(const About& about, OptionTable& table, int argc, const char* const* argv,
           po::variables_map& values) {
  table.visible.add_options()("help,h", "show this help and exit")("version,V", "show the version and exit");
  table.hidden.add_options()("summary", "")("man", "")("completion", po::value<std::string>());
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
      std::cout << summary_of(about) << "\n";
      return false;
    }
    if (values.count("man") != 0) {
      print_man_page(about, table, std::cout);
      return false;
    }
    if (values.count("completion") != 0) {
      print_completion(values["completion"].as<std::string>(), about, table, std::cout);
      return false;
    }
    if (values.count("stray argument") != 0) {
      throw UsageError("unexpected argument '" +
                       values["stray argument"].as<std::vector<std::string>>().front() + "'");
    }
    if (!table.config_option.empty() && values.count(table.config_option) != 0) {
      read_config_file(values[table.config_option].as<std::string>(), table, values);
    }
    po::notify(values);
  } catch (const po::error& error) {
    throw UsageError(words_of(table, error));
  }
  return true;
}

int run(std::string_view name, const std::function<int()>& body, int usage_code) noexcept {
  const auto complain = [name](const char* message, const char* hint) {
    std::fprintf(stderr, "%.*s: error: %s%s\n", static_cast<int>(name.size()), name.data(), message, hint);
  };
  try {
    const int code = body();
    std::cout.flush();
    return code;
  } catch (const UsageError& error) {
    complain(error.what(), (" (see " + std::string(name) + " --help)").c_str());
    return usage_code;
  } catch (const ConfigError& error) {
    complain(error.what(), "");
    return exit_configuration;
  } catch (const std::exception& error) {
    complain(error.what(), "");
    return exit_failure;
  }
}

}  // namespace zevi::program

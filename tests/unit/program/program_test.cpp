#include "program.hpp"

#include <fstream>

#include "catch.hpp"
#include "temporary_directory.hpp"

namespace po = zevi::program::po;
using namespace zevi::program;

namespace {

constexpr About about{"prog", "[OPTION]...", "Does nothing.", ""};

OptionTable table() {
  OptionTable options;
  options.config_option = "config";
  options.visible.add_options()("interest-linger", po::value<int>()->default_value(2), "a number")(
      "config,c", po::value<std::string>(), "a file");
  return options;
}

po::variables_map parse_words(std::vector<const char*> words) {
  words.insert(words.begin(), "prog");
  OptionTable options = table();
  po::variables_map values;
  const bool go_on = parse(about, options, static_cast<int>(words.size()), words.data(), values);
  CHECK(go_on);
  return values;
}

}  // namespace

TEST_CASE("an unknown option is named, with the nearest one that exists") {
  CHECK_THROWS_WITH(parse_words({"--interest-lingr=3"}),
                    contains_text("--interest-lingr") && contains_text("did you mean --interest-linger?"));
  CHECK_THROWS_WITH(parse_words({"--zzz"}), contains_text("zzz") && !contains_text("did you mean"));
}

TEST_CASE("an option is not guessed from its beginning") {
  CHECK_THROWS_AS(parse_words({"--interest=3"}), UsageError);
}

TEST_CASE("an argument that nobody takes is named") {
  CHECK_THROWS_WITH(parse_words({"stray"}), contains_text("'stray'"));
}

TEST_CASE("the command line goes before the configuration file and the file before the default") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/conf";
  std::ofstream(path) << "# comment\ninterest-linger = 7\n";
  CHECK(parse_words({})["interest-linger"].as<int>() == 2);
  CHECK(parse_words({"-c", path.c_str()})["interest-linger"].as<int>() == 7);
  CHECK(parse_words({"-c", path.c_str(), "--interest-linger", "9"})["interest-linger"].as<int>() == 9);
}

TEST_CASE("a wrong configuration file is named with the option") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/conf";
  std::ofstream(path) << "interest-linger = many\n";
  try {
    parse_words({"-c", path.c_str()});
    FAIL("was taken");
  } catch (const ConfigError& error) {
    CHECK_THAT(error.what(), contains_text(path) && contains_text("interest-linger"));
  }
  CHECK_THROWS_AS(parse_words({"-c", (path + ".missing").c_str()}), ConfigError);
}

TEST_CASE("the exit code tells wrong usage, wrong configuration and failure apart") {
  CHECK(run("prog", [] { return 0; }) == 0);
  CHECK(run("prog", []() -> int { throw UsageError("x"); }) == 2);
  CHECK(run("prog", []() -> int { throw ConfigError("x"); }) == 78);
  CHECK(run("prog", []() -> int { throw zevi::Error("x"); }) == 1);
  CHECK(run("prog", []() -> int { throw std::runtime_error("x"); }) == 1);
}

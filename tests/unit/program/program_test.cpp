#include "program.hpp"

#include <fstream>
#include <sstream>

#include "catch.hpp"
#include "config_file.hpp"
#include "temporary_directory.hpp"

namespace po = zevi::program::po;
using namespace zevi::program;

namespace {

constexpr About about{"prog", "[OPTION]...", "Does nothing.", ""};

OptionTable table() {
  OptionTable options;
  options.config_option = "config";
  options.command_line_only = {"once"};
  options.visible.add_options()("interest-linger", po::value<int>()->default_value(2), "a number")(
      "config,c", po::value<std::string>(), "a file")("once", "something to do at once")(
      "name", po::value<std::vector<std::string>>()->default_value({}, "none"), "texts");
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

TEST_CASE("what is wrong in a configuration file is named by line and option") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/conf";
  struct Wrong {
    std::string line;
    std::string complaint;
  };
  const auto wrong =
      GENERATE(values<Wrong>({{"interest-linger = many", "interest-linger"},
                              {"interest-lingr = 3", "did you mean --interest-linger?"},
                              {"interest-linger", "interest-linger"},
                              {"summary = 1", "unknown option 'summary'"},
                              {"once = 1", "'once' is for the command line alone"},
                              {"config = /etc/other", "'config' is for the command line alone"},
                              {"interest-linger = 5", "interest-linger"}}));
  std::ofstream(path) << "# comment\ninterest-linger = 4\n" << wrong.line << "\nname = a\n";
  try {
    parse_words({"-c", path.c_str()});
    FAIL("was taken: " + wrong.line);
  } catch (const ConfigError& error) {
    CHECK_THAT(error.what(), contains_text(path + ":3: ") && contains_text(wrong.complaint));
  }
}

TEST_CASE("a configuration file that cannot be read is an error") {
  const TemporaryDirectory directory;
  CHECK_THROWS_AS(parse_words({"-c", (directory.path() + "/missing").c_str()}), ConfigError);
  CHECK_THROWS_AS(parse_words({"-c", directory.path().c_str()}), ConfigError);
}

TEST_CASE("a printed configuration says the same when it is read") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/conf";
  const auto printed = [](const po::variables_map& values) {
    std::ostringstream out;
    print_config(table(), values, out);
    return out.str();
  };
  const po::variables_map given = parse_words({"--interest-linger=9", "--name", "=a b", "--name", "c"});
  const std::string first = printed(given);
  CHECK_THAT(first,
             contains_text("# a number\ninterest-linger = 9\n") && contains_text("name = =a b\nname = c"));
  std::ofstream(path) << first;
  CHECK(printed(parse_words({"-c", path.c_str()})) == first);
  CHECK_THAT(printed(parse_words({})), contains_text("interest-linger = 2\n") && contains_text("# name =\n"));
}

TEST_CASE("the exit code tells wrong usage, wrong configuration and failure apart") {
  CHECK(run("prog", [] { return 0; }) == 0);
  CHECK(run("prog", []() -> int { throw UsageError("x"); }) == 2);
  CHECK(run("prog", []() -> int { throw ConfigError("x"); }) == 78);
  CHECK(run("prog", []() -> int { throw zevi::Error("x"); }) == 1);
  CHECK(run("prog", []() -> int { throw std::runtime_error("x"); }) == 1);
}

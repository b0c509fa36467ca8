#include <set>
#include <sstream>

#include "catch.hpp"
#include "vectors.hpp"

using namespace zevi;

namespace {

struct Example {
  std::string vector_name;
  std::string hex;
};

/// The examples of WIRE.md: a comment `<!-- vector: NAME -->`, behind it a code block whose lines hold bytes
/// in hex, then at least two spaces and words.
std::vector<Example> examples_of(const std::string& page) {
  std::vector<Example> examples;
  std::istringstream lines(page);
  std::string line;
  const std::string marker = "<!-- vector: ";
  bool in_block = false;
  while (std::getline(lines, line)) {
    if (line.starts_with(marker)) {
      examples.push_back({line.substr(marker.size(), line.find(" -->") - marker.size()), ""});
      REQUIRE(std::getline(lines, line));
      REQUIRE(line == "```text");
      in_block = true;
      continue;
    }
    if (line == "```") in_block = false;
    if (!in_block) continue;
    for (const char c : line.substr(0, line.find("  "))) {
      if (c != ' ') examples.back().hex += c;
    }
  }
  return examples;
}

}  // namespace

TEST_CASE("the examples of the wire page are golden vectors, and every kind of message has one") {
  std::set<std::string> kinds_shown;
  for (const Example& example : examples_of(conformance::read_source_file("schema/WIRE.md"))) {
    INFO("example: " << example.vector_name);
    const conformance::Vector vector = conformance::good_vector(example.vector_name);
    CHECK(example.hex == conformance::to_hex(vector.bytes));
    CHECK(vector.source.value("canonical", true));
    kinds_shown.insert(vector.kind);
  }
  for (const conformance::Vector& vector : conformance::good_vectors()) {
    if (vector.kind != "unknown") CHECK(kinds_shown.count(vector.kind) == 1);
  }
}

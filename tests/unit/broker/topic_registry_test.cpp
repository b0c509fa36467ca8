#include "topics/topic_registry.hpp"
#include "catch.hpp"

using namespace std::chrono_literals;
using namespace zevi::broker;

namespace {

std::vector<std::string> names(const std::vector<const Topic*>& topics) {
  std::vector<std::string> found;
  for (const Topic* const topic : topics) found.push_back(topic->name);
  return found;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("topics are found by name and by prefix, each once and in order") {
  TopicRegistry topics;
  for (const char* const name : {"B", "A-", "AB", "A", "A.1", "ABC"})
    CHECK(topics.find_or_add(name) != nullptr);
  CHECK(names(topics.matching({"*"})) == Names{"A", "A-", "A.1", "AB", "ABC", "B"});
  CHECK(names(topics.matching({"A"})) == Names{"A"});
  CHECK(names(topics.matching({"ABC", "A", "B", "C", "A"})) == Names{"A", "ABC", "B"});
  CHECK(names(topics.matching({"AB*", "A-", "A", "AB", "B", "ABC*", "AB*"})) ==
        Names{"A", "A-", "AB", "ABC", "B"});
  CHECK(names(topics.matching({"A*", "A", "A.1"})) == Names{"A", "A-", "A.1", "AB", "ABC"});
  CHECK(topics.matching({"C*", "A1"}).empty());
}

TEST_CASE("a topic has the max-age of the longest prefix") {
  TopicRegistry topics({{"", 1h}, {"E_", 1min}, {"E_X", 1s}});
  CHECK(topics.find_or_add("F")->max_age == 1h);
  CHECK(topics.find_or_add("E_Y")->max_age == 1min);
  CHECK(topics.find_or_add("E_XY")->max_age == 1s);
  CHECK(TopicRegistry().find_or_add("E_X")->max_age == 0s);
}

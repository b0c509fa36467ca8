#include "zevi/topic.hpp"
#include "catch.hpp"
#include "zevi/error.hpp"

using zevi::is_topic;
using zevi::TopicFilter;

TEST_CASE("a topic is 1 to 128 bytes of the topic alphabet") {
  CHECK(is_topic("E_CORE_LOG"));
  CHECK(is_topic("a.b-C_9"));
  CHECK(is_topic(std::string(128, 'x')));
  CHECK_FALSE(is_topic(""));
  CHECK_FALSE(is_topic(std::string(129, 'x')));
  CHECK_FALSE(is_topic("E CORE"));
  CHECK_FALSE(is_topic("E_CORE_*"));
  CHECK_FALSE(is_topic("~ready.1"));
  CHECK_FALSE(is_topic(std::string_view("A\0B", 3)));
}

TEST_CASE("an exact filter leaves out longer topics and a prefix filter takes them") {
  CHECK(TopicFilter("E_CORE_LOG").matches("E_CORE_LOG"));
  CHECK_FALSE(TopicFilter("E_CORE_LOG").matches("E_CORE_LOG2"));
  CHECK(TopicFilter("E_CORE_*").matches("E_CORE_LOG2"));
  CHECK(TopicFilter("E_CORE_*").prefix() == "E_CORE_");
  CHECK(TopicFilter("*").matches("anything"));
}

TEST_CASE("a filter that is no topic is refused with its name") {
  for (const char* text : {"", "E CORE", "a*b", "**", "~ready.x"}) {
    CHECK_THROWS_AS(TopicFilter(text), zevi::Error);
  }
}

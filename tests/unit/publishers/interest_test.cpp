#include "shim/interest.hpp"

#include "catch.hpp"
#include "open_publisher.hpp"
#include "shim/publisher.hpp"
#include "zevi/limits.hpp"

using namespace zevi;
using namespace zevi::shim;

namespace {

struct Fixture {
  test::Endpoint endpoint;
  PublisherOptions options = endpoint.options();
  shim::Publisher publisher{check_options(&options)};
  Topics topics{publisher};

  ~Fixture() { static_cast<void>(publisher.close()); }
};

}  // namespace

TEST_CASE("as long as the broker has said nothing, everything is wanted") {
  CHECK(Interest().wants("E_A"));
  CHECK(Interest().generation() == 0);
}

TEST_CASE("a topic is wanted if any subscribed prefix begins it") {
  const Interest interest(wire::Interest{3, {"E_CORE_", "E_X", "E_WHOLE_TOPIC"}, {}});
  CHECK(interest.generation() == 3);
  CHECK(interest.wants("E_CORE_LOG"));
  CHECK(interest.wants("E_CORE_"));
  CHECK(interest.wants("E_X"));
  CHECK(interest.wants("E_XY"));
  CHECK(interest.wants("E_WHOLE_TOPIC"));
  CHECK_FALSE(interest.wants("E_CORE"));
  CHECK_FALSE(interest.wants("E_WHOLE_TOPI"));
  CHECK_FALSE(interest.wants("e_core_log"));
}

TEST_CASE("an interest that names nothing wants nothing, and an empty prefix wants everything") {
  CHECK_FALSE(Interest(wire::Interest{1, {}, {}}).wants("E_A"));
  CHECK(Interest(wire::Interest{1, {""}, {}}).wants("E_A"));
}

TEST_CASE("the longest prefix of the history that begins a topic decides whether it is kept") {
  const Interest interest(wire::Interest{
      1, {}, {{"", true}, {"E_PROFILING_", false}, {"E_PROFILING_CPU", true}, {"E_PROFILING_CPU_X", false}}});
  CHECK(interest.wants("E_CORE_LOG"));
  CHECK(interest.wants("E_PROFILING"));
  CHECK_FALSE(interest.wants("E_PROFILING_PROC"));
  CHECK(interest.wants("E_PROFILING_CPU"));
  CHECK(interest.wants("E_PROFILING_CPU_A"));
  CHECK_FALSE(interest.wants("E_PROFILING_CPU_X1"));
}

TEST_CASE("a subscriber gets what the history does not keep") {
  const Interest interest(wire::Interest{1, {"E_PROFILING_PROC"}, {{"", true}, {"E_PROFILING_", false}}});
  CHECK(interest.wants("E_PROFILING_PROC"));
  CHECK_FALSE(interest.wants("E_PROFILING_SCRIPT"));
}

TEST_CASE("an interest agrees with the one on the wire, and outlives its frame") {
  std::string frame = "E_CORE_A_LONG_PREFIX_INDEED E_PROFILING_LONG_PREFIX";
  const std::string_view view = frame;
  const wire::Interest said{7, {view.substr(0, 27)}, {{view.substr(28), true}, {"E_PROFILING_", false}}};
  const Interest interest(said);
  const std::vector<std::string> topics = {
      "E_CORE_A_LONG_PREFIX_INDEED_1", "E_CORE_A_LONG_PREFIX", "E_PROFILING_LONG_PREFIX",
      "E_PROFILING_LONG_PREFIX_2",     "E_PROFILING_SHORT",    "E_"};
  std::vector<bool> expected;
  for (const std::string& topic : topics) expected.push_back(said.wants(topic));
  frame.assign(frame.size(), '?');
  for (std::size_t i = 0; i < topics.size(); ++i) CHECK(interest.wants(topics[i]) == expected[i]);
}

TEST_CASE_METHOD(Fixture, "a topic has one handle, whoever opens it, with the name and number it first got") {
  shim::Topic* const first = topics.open("E_A");
  shim::Topic* const second = topics.open("E_B");
  REQUIRE(first != nullptr);
  CHECK(first != second);
  CHECK(topics.open("E_A") == first);
  CHECK(first->index == 0);
  CHECK(second->index == 1);
  CHECK(&topics.at(1) == second);
  CHECK(second->name == "E_B");
}

TEST_CASE_METHOD(Fixture, "an interest changes the topics that are open and those that are opened later") {
  shim::Topic* const core = topics.open("E_CORE_LOG");
  shim::Topic* const other = topics.open("E_OTHER");
  CHECK(core->wanted);
  CHECK(other->wanted);
  topics.apply(Interest(wire::Interest{1, {"E_CORE_"}, {}}));
  CHECK(core->wanted);
  CHECK_FALSE(other->wanted);
  CHECK(topics.open("E_CORE_LATER")->wanted);
  CHECK_FALSE(topics.open("E_OTHER_LATER")->wanted);
  topics.become_child();
  CHECK(other->wanted);
  CHECK(topics.open("E_OTHER_LATER")->wanted);
}

TEST_CASE_METHOD(Fixture, "there is no handle beyond the limit of topics, and the others stay") {
  for (std::size_t i = 0; i < limits::publisher_topics_max; ++i)
    REQUIRE(topics.open("E_" + std::to_string(i)) != nullptr);
  CHECK(topics.open("E_ONE_TOO_MANY") == nullptr);
  CHECK(topics.open("E_1023")->index == 1023);
}

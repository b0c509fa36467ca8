#include <algorithm>

#include "catch.hpp"
#include "store/rows.hpp"

using namespace zevi::broker;

namespace {

/// Whether a row can be read from its own bytes, and not from fewer or more.
template <typename RowOf>
bool is_read_whole_alone(const RowOf& row) {
  const KeyValue bytes = encode(row);
  RowOf read;
  if (!decode(bytes.first, bytes.second, read) || encode(read) != bytes) return false;
  for (std::size_t size = 0; size < bytes.second.size(); ++size) {
    if (decode(bytes.first, bytes.second.substr(0, size), read)) return false;
  }
  return !decode(bytes.first, bytes.second + '\0', read) && !decode("", bytes.second, read) &&
         !decode(bytes.first + '\0', bytes.second, read);
}

}  // namespace

TEST_CASE("every row of the store is read from its own bytes, and not from fewer or more") {
  CHECK(is_read_whole_alone(EpochRow{77}));
  CHECK(is_read_whole_alone(TopicRow{3, "E_X", 1'000'000'000'000, 5}));
  CHECK(is_read_whole_alone(PublisherRow{1, 2, 3, "src", "host"}));
  CHECK(is_read_whole_alone(PublisherTopicRow{1, 2, 3, 4, 5}));
  CHECK(is_read_whole_alone(RangeRow{1, 2, 3, 4, 5, 6, 7, 8}));
  const KeyValue ended = encode(EndedRow{1, 2, {{3, 4}, {5, 6}}});
  EndedRow read;
  REQUIRE(decode(ended.first, ended.second, read));
  CHECK(encode(read) == ended);
  CHECK_FALSE(decode(ended.first, ended.second.substr(0, ended.second.size() - 1), read));
}

TEST_CASE("keys sort as their numbers do") {
  CHECK(message_key(1, 2, 255) < message_key(1, 2, 256));
  CHECK(message_key(1, 2, 1000) < message_key(1, 3, 1));
  CHECK(message_key(1, 3, 1) < message_key(2, 1, 1));
  const KeyRange segment = messages_of_segments(255, 256);
  CHECK(segment.begin <= message_key(255, 0, 0));
  CHECK(message_key(255, 0xffffffff, 0xffffffffffffffff) < segment.end);
  CHECK(segment.end <= message_key(256, 0, 0));
  MessageKey key;
  REQUIRE(decode(message_key(1, 2, 3), key));
  CHECK((key.segment == 1 && key.topic == 2 && key.q == 3));
  CHECK_FALSE(decode(message_key(1, 2, 3).substr(1), key));
}

TEST_CASE("a message is told from its own bytes") {
  const std::string bytes = message_head(2, 99, "E_X", 6) + "header" + "body";
  MessageView view;
  REQUIRE(decode(bytes, view));
  CHECK(view.n == 2);
  CHECK(view.at == 99);
  CHECK(view.topic_name == "E_X");
  CHECK(view.header == "header");
  CHECK(view.body == "body");
  CHECK_FALSE(decode(bytes.substr(0, bytes.size() - 5), view));
}

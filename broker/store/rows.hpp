#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What stands in the store, as bytes. Rows say what the broker knew; messages stand by themselves, ordered
/// by segment, topic and number. Whatever is read may be damaged: decoding says so.
namespace zevi::broker {

/// Raised when a store of this version could not be read by an earlier one.
inline constexpr std::uint64_t store_format = 1;

/// A row's key and value. The first byte of the key names its kind.
using KeyValue = std::pair<std::string, std::string>;

struct EpochRow {
  static constexpr char kind = 'B';
  std::uint64_t epoch = 0;
};

/// An epoch that ended without a word, and the last number of each topic in it.
struct EndedRow {
  static constexpr char kind = 'E';
  std::uint64_t order = 0;
  std::uint64_t epoch = 0;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> last_q;
};

struct TopicRow {
  static constexpr char kind = 'T';
  std::uint32_t number = 0;
  std::string name;
  std::uint64_t next_q = 1;
  std::uint64_t lost_before = 0;
};

struct PublisherRow {
  static constexpr char kind = 'P';
  std::uint64_t id = 0;
  std::uint64_t s = 0;  ///< the last batch that was dealt with, all earlier ones included
  std::uint64_t pid = 0;
  std::string src;
  std::string host;
};

struct PublisherTopicRow {
  static constexpr char kind = 'N';
  std::uint64_t id = 0;
  std::uint32_t topic = 0;
  std::uint64_t next_p = 1;    ///< 0: any
  std::uint64_t stored_p = 1;  ///< all events below were dealt with
  std::uint64_t dropped = 0;
};

/// The messages of a topic in a segment.
struct RangeRow {
  static constexpr char kind = 'S';
  std::uint64_t segment = 0;
  std::uint32_t topic = 0;
  std::uint64_t first_q = 0;
  std::uint64_t end_q = 0;
  std::uint64_t first_at = 0;
  std::uint64_t last_at = 0;
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
};

[[nodiscard]] KeyValue encode(const EpochRow& row);
[[nodiscard]] KeyValue encode(const EndedRow& row);
[[nodiscard]] KeyValue encode(const TopicRow& row);
[[nodiscard]] KeyValue encode(const PublisherRow& row);
[[nodiscard]] KeyValue encode(const PublisherTopicRow& row);
[[nodiscard]] KeyValue encode(const RangeRow& row);

/// False if the bytes are not such a row.
[[nodiscard]] bool decode(std::string_view key, std::string_view value, EpochRow& row);
[[nodiscard]] bool decode(std::string_view key, std::string_view value, EndedRow& row);
[[nodiscard]] bool decode(std::string_view key, std::string_view value, TopicRow& row);
[[nodiscard]] bool decode(std::string_view key, std::string_view value, PublisherRow& row);
[[nodiscard]] bool decode(std::string_view key, std::string_view value, PublisherTopicRow& row);
[[nodiscard]] bool decode(std::string_view key, std::string_view value, RangeRow& row);

/// Where a number's own rows stand: all keys from the first to before the second.
struct KeyRange {
  std::string begin;
  std::string end;
};
[[nodiscard]] KeyRange rows_of_segment(std::uint64_t segment);
[[nodiscard]] std::string key_of_publisher(std::uint64_t id);
[[nodiscard]] KeyRange topics_of_publisher(std::uint64_t id);

/// Messages have a space of their own.
[[nodiscard]] std::string message_key(std::uint64_t segment, std::uint32_t topic, std::uint64_t q);
/// From the first segment to before the second.
[[nodiscard]] KeyRange messages_of_segments(std::uint64_t begin, std::uint64_t end);

struct MessageKey {
  std::uint64_t segment = 0;
  std::uint32_t topic = 0;
  std::uint64_t q = 0;
};
[[nodiscard]] bool decode(std::string_view key, MessageKey& message);

/// What stands in front of a message's header and body. With the topic's name in it a message can be told
/// from its own bytes alone, when all rows are lost.
[[nodiscard]] std::string message_head(std::uint32_t n, std::uint64_t at, std::string_view topic_name,
                                       std::size_t header_bytes);

struct MessageView {
  std::uint32_t n = 0;
  std::uint64_t at = 0;
  std::string_view topic_name;
  std::string_view header;
  std::string_view body;
};
[[nodiscard]] bool decode(std::string_view value, MessageView& message);

}  // namespace zevi::broker

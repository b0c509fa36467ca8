#include "rows.hpp"

namespace zevi::broker {

namespace {

/// Big-endian, so that keys sort as their numbers do.
template <typename Number>
void put(std::string& out, Number number) {
  for (unsigned shift = 8 * sizeof(Number); shift > 0; shift -= 8) {
    out.push_back(static_cast<char>(static_cast<unsigned char>(number >> (shift - 8))));
  }
}

void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : left_(bytes) {}

  template <typename Number>
  Bytes& take(Number& number) {
    const std::string_view bytes = cut(sizeof(Number));
    number = 0;
    for (const char byte : bytes)
      number = static_cast<Number>((number << 8U) | static_cast<unsigned char>(byte));
    return *this;
  }
  Bytes& take_text(std::string& text) {
    std::uint32_t size = 0;
    take(size);
    text = cut(size);
    return *this;
  }
  std::string_view cut(std::size_t size) {
    if (size > left_.size()) {
      is_whole_ = false;
      size = 0;
    }
    const std::string_view part = left_.substr(0, size);
    left_.remove_prefix(size);
    return part;
  }
  [[nodiscard]] std::string_view rest() const noexcept { return left_; }
  [[nodiscard]] bool is_whole() const noexcept { return is_whole_; }
  [[nodiscard]] bool is_at_end() const noexcept { return is_whole_ && left_.empty(); }

 private:
  std::string_view left_;
  bool is_whole_ = true;
};

template <typename... Numbers>
std::string key_of(char kind, Numbers... numbers) {
  std::string key(1, kind);
  (put(key, numbers), ...);
  return key;
}

template <typename... Numbers>
bool read_key(std::string_view key, char kind, Numbers&... numbers) {
  if (key.empty() || key.front() != kind) return false;
  Bytes bytes(key.substr(1));
  (bytes.take(numbers), ...);
  return bytes.is_at_end();
}

template <typename... Numbers>
std::string value_of(Numbers... numbers) {
  std::string value;
  (put(value, numbers), ...);
  return value;
}

}  // namespace

KeyValue encode(const EpochRow& row) {
  return {key_of(EpochRow::kind), value_of(row.epoch)};
}

KeyValue encode(const EndedRow& row) {
  KeyValue bytes{key_of(EndedRow::kind, row.order), value_of(row.epoch)};
  for (const auto& [topic, q] : row.last_q) {
    put(bytes.second, topic);
    put(bytes.second, q);
  }
  return bytes;
}

KeyValue encode(const TopicRow& row) {
  KeyValue bytes{key_of(TopicRow::kind, row.number), value_of(row.next_q, row.lost_before)};
  put_text(bytes.second, row.name);
  return bytes;
}

KeyValue encode(const PublisherRow& row) {
  KeyValue bytes{key_of_publisher(row.id), value_of(row.s, row.pid)};
  put_text(bytes.second, row.src);
  put_text(bytes.second, row.host);
  return bytes;
}

KeyValue encode(const PublisherTopicRow& row) {
  return {key_of(PublisherTopicRow::kind, row.id, row.topic),
          value_of(row.next_p, row.stored_p, row.dropped)};
}

KeyValue encode(const RangeRow& row) {
  return {key_of(RangeRow::kind, row.segment, row.topic),
          value_of(row.first_q, row.end_q, row.first_at, row.last_at, row.events, row.bytes)};
}

bool decode(std::string_view key, std::string_view value, EpochRow& row) {
  return read_key(key, EpochRow::kind) && Bytes(value).take(row.epoch).is_at_end() && row.epoch != 0;
}

bool decode(std::string_view key, std::string_view value, EndedRow& row) {
  if (!read_key(key, EndedRow::kind, row.order)) return false;
  Bytes bytes(value);
  bytes.take(row.epoch);
  row.last_q.clear();
  while (bytes.is_whole() && !bytes.rest().empty()) {
    auto& [topic, q] = row.last_q.emplace_back();
    bytes.take(topic).take(q);
  }
  return bytes.is_whole();
}

bool decode(std::string_view key, std::string_view value, TopicRow& row) {
  return read_key(key, TopicRow::kind, row.number) &&
         Bytes(value).take(row.next_q).take(row.lost_before).take_text(row.name).is_at_end();
}

bool decode(std::string_view key, std::string_view value, PublisherRow& row) {
  return read_key(key, PublisherRow::kind, row.id) &&
         Bytes(value).take(row.s).take(row.pid).take_text(row.src).take_text(row.host).is_at_end();
}

bool decode(std::string_view key, std::string_view value, PublisherTopicRow& row) {
  return read_key(key, PublisherTopicRow::kind, row.id, row.topic) &&
         Bytes(value).take(row.next_p).take(row.stored_p).take(row.dropped).is_at_end();
}

bool decode(std::string_view key, std::string_view value, RangeRow& row) {
  if (!read_key(key, RangeRow::kind, row.segment, row.topic)) return false;
  Bytes bytes(value);
  bytes.take(row.first_q).take(row.end_q).take(row.first_at).take(row.last_at);
  bytes.take(row.events).take(row.bytes);
  return bytes.is_at_end() && row.first_q > 0 && row.first_q < row.end_q;
}

KeyRange rows_of_segment(std::uint64_t segment) {
  return {key_of(RangeRow::kind, segment), key_of(RangeRow::kind, segment + 1)};
}

std::string key_of_publisher(std::uint64_t id) {
  return key_of(PublisherRow::kind, id);
}

KeyRange topics_of_publisher(std::uint64_t id) {
  return {key_of(PublisherTopicRow::kind, id), key_of(PublisherTopicRow::kind, id + 1)};
}

std::string message_key(std::uint64_t segment, std::uint32_t topic, std::uint64_t q) {
  return value_of(segment, topic, q);
}

KeyRange messages_of_segments(std::uint64_t begin, std::uint64_t end) {
  return {value_of(begin), value_of(end)};
}

bool decode(std::string_view key, MessageKey& message) {
  return Bytes(key).take(message.segment).take(message.topic).take(message.q).is_at_end();
}

std::string message_head(std::uint32_t n, std::uint64_t at, std::string_view topic_name,
                         std::size_t header_bytes) {
  std::string head = value_of(n, at, static_cast<std::uint32_t>(header_bytes));
  put_text(head, topic_name);
  return head;
}

bool decode(std::string_view value, MessageView& message) {
  Bytes bytes(value);
  std::uint32_t header_bytes = 0;
  std::uint32_t name_bytes = 0;
  bytes.take(message.n).take(message.at).take(header_bytes).take(name_bytes);
  message.topic_name = bytes.cut(name_bytes);
  message.header = bytes.cut(header_bytes);
  message.body = bytes.rest();
  return bytes.is_whole() && message.n > 0;
}

}  // namespace zevi::broker

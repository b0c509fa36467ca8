#include "zevi/wire/replay_messages.hpp"

#include <limits>

#include "topic_counts.hpp"

namespace zevi::wire {

namespace {

/// Of as many topics as the frame has room for.
DecodeError read_numbers(pack::Reader& reader, std::vector<TopicCount>& numbers, std::uint64_t lowest) {
  return read_counts(reader, numbers, std::numeric_limits<std::size_t>::max(), lowest);
}

DecodeError read_filters(pack::Reader& reader, std::vector<std::string_view>& filters) {
  filters.clear();
  std::uint32_t count = 0;
  return read_array(reader, count, [&](pack::Reader& element, std::uint32_t) {
    std::string_view filter;
    const DecodeError error = read_str(element, filter);
    if (error != DecodeError::none) return error;
    if (!is_topic_filter(filter) || filters.size() == limits::replay_filters_max)
      return DecodeError::out_of_range;
    filters.push_back(filter);
    return DecodeError::none;
  });
}

DecodeError read_gone_range(pack::Reader& reader, GoneRange& range) {
  std::uint32_t parts = 0;
  const DecodeError error = read_array(reader, parts, [&](pack::Reader& value, std::uint32_t i) {
    switch (i) {
      case 0:
        return read_str(value, range.topic);
      case 1:
        return read_uint(value, range.q_from);
      case 2:
        return read_uint(value, range.q_to);
      default:
        return skip_value(value);
    }
  });
  if (error != DecodeError::none) return error;
  if (parts < 3) return DecodeError::missing_field;
  const bool in_range = is_topic(range.topic) && range.q_from != 0 && range.q_from <= range.q_to;
  return in_range ? DecodeError::none : DecodeError::out_of_range;
}

DecodeError read_gone(pack::Reader& reader, std::vector<GoneRange>& gone) {
  gone.clear();
  std::uint32_t count = 0;
  return read_array(reader, count, [&](pack::Reader& element, std::uint32_t) {
    GoneRange range;
    const DecodeError error = read_gone_range(element, range);
    if (error == DecodeError::none) gone.push_back(range);
    return error;
  });
}

DecodeError read_field(std::string_view key, pack::Reader& value, ReplayRequest& message) {
  if (key == "i") return read_uint(value, message.i);
  if (key == "t") return read_filters(value, message.t);
  if (key == "from") return read_numbers(value, message.from.emplace(), 1);
  if (key == "to") return read_numbers(value, message.to, 1);
  if (key == "since") return read_clock_ns(value, message.since.emplace());
  if (key == "last") return read_uint(value, message.last.emplace());
  if (key == "limit_bytes") return read_uint(value, message.limit_bytes);
  if (key == "b") return read_uint(value, message.b);
  return skip_value(value);
}

DecodeError read_field(std::string_view key, pack::Reader& value, ReplayEnd& message) {
  if (key == "i") return read_uint(value, message.i);
  if (key == "b") return read_uint(value, message.b);
  if (key == "next") return read_numbers(value, message.next, 1);
  if (key == "more") return read_bool(value, message.more);
  if (key == "gone") return read_gone(value, message.gone);
  if (key == "ended") return read_numbers(value, message.ended.emplace(), 0);
  if (key == "reason") return read_text(value, message.reason);
  return skip_value(value);
}

}  // namespace

void encode(const ReplayRequest& message, std::string& out) {
  pack::Writer writer(out);
  const std::size_t optional_fields = std::size_t{message.from.has_value()} + (message.to.empty() ? 0U : 1U) +
                                      std::size_t{message.since.has_value()} +
                                      std::size_t{message.last.has_value()};
  writer.map(5 + optional_fields).text("k").text(name_of(Kind::replay)).text("i").uint(message.i);
  writer.text("t").array(message.t.size());
  for (const std::string_view filter : message.t) writer.text(filter);
  if (message.from) append_counts(writer.text("from"), *message.from);
  if (!message.to.empty()) append_counts(writer.text("to"), message.to);
  if (message.since) writer.text("since").uint(*message.since);
  if (message.last) writer.text("last").uint(*message.last);
  writer.text("limit_bytes").uint(message.limit_bytes).text("b").uint(message.b);
}

void encode(const StoredHead& message, std::string& out) {
  pack::Writer(out).map(2).text("k").text(name_of(Kind::stored)).text("i").uint(message.i);
}

void encode(const ReplayEnd& message, std::string& out) {
  pack::Writer writer(out);
  const std::size_t optional_fields =
      std::size_t{message.ended.has_value()} + (message.reason.empty() ? 0U : 1U);
  writer.map(6 + optional_fields).text("k").text(name_of(Kind::end)).text("i").uint(message.i);
  writer.text("b").uint(message.b);
  append_counts(writer.text("next"), message.next);
  writer.text("more").boolean(message.more).text("gone").array(message.gone.size());
  for (const GoneRange& range : message.gone) {
    writer.array(3).text(range.topic).uint(range.q_from).uint(range.q_to);
  }
  if (message.ended) append_counts(writer.text("ended"), *message.ended);
  if (!message.reason.empty()) writer.text("reason").text(message.reason);
}

DecodeError decode(std::string_view frame, ReplayRequest& message) {
  message = ReplayRequest{};
  const DecodeError error =
      read_frame(frame, frame_bytes_max(Kind::replay),
                 [&](std::string_view key, pack::Reader& value) { return read_field(key, value, message); });
  if (error != DecodeError::none) return error;
  if (message.t.empty()) return DecodeError::missing_field;
  const bool in_range = message.limit_bytes != 0 && message.limit_bytes <= limits::replay_answer_bytes_max;
  return in_range ? DecodeError::none : DecodeError::out_of_range;
}

DecodeError decode(std::string_view frame, StoredHead& message) noexcept {
  message = StoredHead{};
  return read_frame(frame, frame_bytes_max(Kind::stored), [&](std::string_view key, pack::Reader& value) {
    return key == "i" ? read_uint(value, message.i) : skip_value(value);
  });
}

DecodeError decode(std::string_view frame, ReplayEnd& message) {
  message = ReplayEnd{};
  const DecodeError error =
      read_frame(frame, frame_bytes_max(Kind::end),
                 [&](std::string_view key, pack::Reader& value) { return read_field(key, value, message); });
  if (error != DecodeError::none) return error;
  return message.b != 0 ? DecodeError::none : DecodeError::missing_field;
}

std::uint64_t question_number(std::string_view frame) noexcept {
  std::uint64_t number = 0;
  pack::Reader reader(frame);
  // A fault ends the search; what was read before it holds.
  static_cast<void>(read_map(reader, [&number](std::string_view key, pack::Reader& value) {
    pack::Reader ahead = value;
    if (std::uint64_t i = 0; key == "i" && read_uint(ahead, i) == DecodeError::none) number = i;
    return skip_value(value);
  }));
  return number;
}

}  // namespace zevi::wire

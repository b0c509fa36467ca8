#pragma once

#include <array>
#include <limits>
#include <vector>

#include "zevi/limits.hpp"
#include "zevi/topic.hpp"
#include "zevi/wire/control_frame.hpp"

/// How the decoders of control frames read fields.
namespace zevi::wire {

[[nodiscard]] inline DecodeError skip_value(pack::Reader& reader) {
  return reader.skip() ? DecodeError::none : DecodeError::malformed;
}

/// Reads one map, calling `read_pair(reader)` for each pair, which must read key and value and say how that
/// went.
template <typename ReadPair>
[[nodiscard]] DecodeError read_pairs(pack::Reader& reader, ReadPair read_pair) {
  pack::Item head;
  if (!reader.next(head)) return DecodeError::malformed;
  if (head.type != pack::Type::map) return DecodeError::not_a_map;
  for (std::uint32_t i = 0; i < head.count; ++i) {
    const DecodeError error = read_pair(reader);
    if (error != DecodeError::none) return error;
  }
  return DecodeError::none;
}

[[nodiscard]] inline DecodeError read_key(pack::Reader& reader, std::string_view& key) {
  pack::Item item;
  if (!reader.next(item)) return DecodeError::malformed;
  if (item.type != pack::Type::string) return DecodeError::not_a_map;
  key = item.bytes;
  return DecodeError::none;
}

/// Reads one map, calling `on_field(key, reader)` for each pair, which must read the value and say how that
/// went.
template <typename OnField>
[[nodiscard]] DecodeError read_map(pack::Reader& reader, OnField on_field) {
  return read_pairs(reader, [&](pack::Reader& pair) {
    std::string_view key;
    const DecodeError error = read_key(pair, key);
    return error == DecodeError::none ? on_field(key, pair) : error;
  });
}

/// Reads a map inside a frame.
template <typename OnField>
[[nodiscard]] DecodeError read_inner_map(pack::Reader& reader, OnField on_field) {
  const DecodeError error = read_map(reader, on_field);
  return error == DecodeError::not_a_map ? DecodeError::wrong_type : error;
}

/// Reads a frame that is what `read(reader)` reads and nothing else.
template <typename Read>
[[nodiscard]] DecodeError read_whole(std::string_view frame, std::size_t bytes_max, Read read) {
  if (frame.size() > bytes_max) return DecodeError::too_large;
  pack::Reader reader(frame);
  const DecodeError error = read(reader);
  if (error != DecodeError::none) return error;
  return reader.at_end() ? DecodeError::none : DecodeError::malformed;
}

/// Reads a frame that is one map and nothing else.
template <typename OnField>
[[nodiscard]] DecodeError read_frame(std::string_view frame, std::size_t bytes_max, OnField on_field) {
  return read_whole(frame, bytes_max, [&](pack::Reader& reader) { return read_map(reader, on_field); });
}

/// The fields of a frame that is read often, in the order in which its sender writes them.
template <std::size_t Size>
using FieldNames = std::array<pack::KnownText, Size>;

/// The same, calling `on_field(index, reader)` for each field with one of the names; others are skipped. The
/// name that has to come next is looked for first.
template <std::size_t Size, typename OnField>
[[nodiscard]] DecodeError read_frame(std::string_view frame, std::size_t bytes_max,
                                     const FieldNames<Size>& names, OnField on_field) {
  std::size_t expected = 0;
  const auto read_pair = [&](pack::Reader& reader) {
    std::size_t field = expected;
    if (!reader.take(names[expected])) {
      std::string_view key;
      const DecodeError error = read_key(reader, key);
      if (error != DecodeError::none) return error;
      for (field = 0; field < Size && names[field].text() != key;) ++field;
    }
    if (field == Size) return skip_value(reader);
    expected = field + 1 < Size ? field + 1 : 0;
    return on_field(field, reader);
  };
  return read_whole(frame, bytes_max, [&](pack::Reader& reader) { return read_pairs(reader, read_pair); });
}

/// Reads an array, calling `on_element(reader)` for each.
template <typename OnElement>
[[nodiscard]] DecodeError read_array(pack::Reader& reader, std::uint32_t& count, OnElement on_element) {
  pack::Item head;
  if (!reader.next(head)) return DecodeError::malformed;
  if (head.type != pack::Type::array) return DecodeError::wrong_type;
  count = head.count;
  for (std::uint32_t i = 0; i < count; ++i) {
    const DecodeError error = on_element(reader, i);
    if (error != DecodeError::none) return error;
  }
  return DecodeError::none;
}

/// A time in nanoseconds, the one kind of number that may reach `id_end`.
[[nodiscard]] inline DecodeError read_time_ns(pack::Reader& reader, std::int64_t& value) {
  if (reader.take_int(value)) return DecodeError::none;
  pack::Item item;
  if (!reader.next(item)) return DecodeError::malformed;
  if (item.type != pack::Type::integer) return DecodeError::wrong_type;
  if (!item.fits_int64()) return DecodeError::out_of_range;
  value = item.as_int64();
  return DecodeError::none;
}

/// A time by the broker's clock, which is not before 1970.
[[nodiscard]] inline DecodeError read_clock_ns(pack::Reader& reader, std::uint64_t& value) {
  std::int64_t time_ns = 0;
  const DecodeError error = read_time_ns(reader, time_ns);
  if (error != DecodeError::none) return error;
  if (time_ns < 0) return DecodeError::out_of_range;
  value = static_cast<std::uint64_t>(time_ns);
  return DecodeError::none;
}

[[nodiscard]] inline DecodeError read_uint(pack::Reader& reader, std::uint64_t& value) {
  if (reader.take_uint(value)) return value < id_end ? DecodeError::none : DecodeError::out_of_range;
  pack::Item item;
  if (!reader.next(item)) return DecodeError::malformed;
  if (item.type != pack::Type::integer) return DecodeError::wrong_type;
  if (item.is_negative || item.bits >= id_end) return DecodeError::out_of_range;
  value = item.bits;
  return DecodeError::none;
}

[[nodiscard]] inline DecodeError read_uint(pack::Reader& reader, std::uint32_t& value) {
  std::uint64_t wide = 0;
  const DecodeError error = read_uint(reader, wide);
  if (error != DecodeError::none) return error;
  if (wide > std::numeric_limits<std::uint32_t>::max()) return DecodeError::out_of_range;
  value = static_cast<std::uint32_t>(wide);
  return DecodeError::none;
}

[[nodiscard]] inline DecodeError read_str(pack::Reader& reader, std::string_view& value) {
  if (reader.take_short_text(value)) return DecodeError::none;
  pack::Item item;
  if (!reader.next(item)) return DecodeError::malformed;
  if (item.type != pack::Type::string) return DecodeError::wrong_type;
  value = item.bytes;
  return DecodeError::none;
}

/// Text of a frame is for people and for copying on: it must be UTF-8, as all `str` that Zevi sends is.
[[nodiscard]] inline DecodeError read_text(pack::Reader& reader, std::string_view& value) {
  const DecodeError error = read_str(reader, value);
  if (error != DecodeError::none) return error;
  return is_utf8(value) ? DecodeError::none : DecodeError::out_of_range;
}

[[nodiscard]] inline DecodeError read_bool(pack::Reader& reader, bool& value) {
  pack::Item item;
  if (!reader.next(item)) return DecodeError::malformed;
  if (item.type != pack::Type::boolean) return DecodeError::wrong_type;
  value = item.bits != 0;
  return DecodeError::none;
}

[[nodiscard]] inline DecodeError read_topic_prefix(pack::Reader& reader, std::string_view& value) {
  const DecodeError error = read_str(reader, value);
  if (error != DecodeError::none) return error;
  return is_topic_prefix(value) ? DecodeError::none : DecodeError::out_of_range;
}

/// Reads `[[prefix, value], ...]` into structs whose prefix is their first member.
template <typename Element, typename ReadSecond>
[[nodiscard]] DecodeError read_prefix_pairs(pack::Reader& reader, std::vector<Element>& elements,
                                            ReadSecond read_second) {
  elements.clear();
  std::uint32_t count = 0;
  return read_array(reader, count, [&](pack::Reader& outer, std::uint32_t) {
    Element element{};
    std::uint32_t parts = 0;
    const DecodeError error = read_array(outer, parts, [&](pack::Reader& value, std::uint32_t i) {
      if (i == 0) return read_topic_prefix(value, element.prefix);
      if (i == 1) return read_second(value, element);
      return skip_value(value);
    });
    if (error != DecodeError::none) return error;
    if (parts < 2) return DecodeError::missing_field;
    elements.push_back(element);
    return DecodeError::none;
  });
}

[[nodiscard]] inline bool is_version(std::uint64_t version) noexcept {
  return version >= version_min && version <= version_max;
}

[[nodiscard]] inline std::string_view name_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::hello:
      return "hello";
    case Kind::events:
      return "events";
    case Kind::beat:
      return "beat";
    case Kind::bye:
      return "bye";
    case Kind::welcome:
      return "welcome";
    case Kind::interest:
      return "interest";
    case Kind::ack:
      return "ack";
    case Kind::reject:
      return "reject";
    case Kind::who:
      return "who";
    case Kind::replay:
      return "replay";
    case Kind::stored:
      return "stored";
    case Kind::end:
      return "end";
    case Kind::unknown:
      break;
  }
  return "unknown";
}

/// The longest frame of a kind that is read.
[[nodiscard]] constexpr std::size_t frame_bytes_max(Kind kind) noexcept {
  switch (kind) {
    case Kind::replay:
    case Kind::end:
      return limits::replay_frame_bytes_max;
    case Kind::interest:
    case Kind::beat:
    case Kind::bye:
    case Kind::unknown:  // whatever it is, it is not read
      return limits::list_frame_bytes_max;
    case Kind::hello:
    case Kind::events:
    case Kind::welcome:
    case Kind::ack:
    case Kind::reject:
    case Kind::who:
    case Kind::stored:
      break;
  }
  return limits::control_frame_bytes_max;
}

}  // namespace zevi::wire

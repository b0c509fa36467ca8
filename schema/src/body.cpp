#include "zevi/wire/body.hpp"

#include <array>

#include "zevi/limits.hpp"

namespace zevi::wire {

namespace {

/// Checks one parameter map behind `reader`, whose containers are kept on a stack of fixed size instead of
/// the call stack.
BodyError check_map(pack::Reader& reader) noexcept {
  struct Level {
    std::uint64_t left;  // values still to come, keys included
    bool is_map;
  };
  std::array<Level, limits::nesting_max> levels;
  std::size_t depth = 0;
  pack::Item item;
  bool first = true;
  do {
    const bool key_expected = !first && levels[depth - 1].is_map && levels[depth - 1].left % 2 == 0;
    if (reader.rest().starts_with('\xC1')) return BodyError::reserved_byte;
    if (!reader.next(item)) return BodyError::truncated;
    if (first && item.type != pack::Type::map) return BodyError::params;
    if (key_expected && !item.is_text()) return BodyError::key;
    if (!first) --levels[depth - 1].left;
    first = false;
    switch (item.type) {
      case pack::Type::string:
        if (!is_utf8(item.bytes)) return BodyError::text;
        break;
      case pack::Type::extension:
        return BodyError::extension;
      case pack::Type::array:
      case pack::Type::map: {
        if (depth == levels.size()) return BodyError::nesting;
        const bool is_map = item.type == pack::Type::map;
        levels[depth++] = {item.count * std::uint64_t{is_map ? 2U : 1U}, is_map};
        break;
      }
      default:
        break;
    }
    while (depth > 0 && levels[depth - 1].left == 0) --depth;
  } while (depth > 0);
  return BodyError::none;
}

BodyError check_sized_map(pack::Reader& reader) noexcept {
  const std::size_t from = reader.offset();
  const BodyError error = check_map(reader);
  if (error != BodyError::none) return error;
  return reader.offset() - from > limits::event_bytes_max ? BodyError::event_too_large : BodyError::none;
}

BodyError check_entry(pack::Reader& reader) noexcept {
  pack::Item item;
  if (!reader.next(item)) return BodyError::truncated;
  if (item.type != pack::Type::array || item.count != 2) return BodyError::not_a_pair;
  if (!reader.next(item)) return BodyError::truncated;
  if (!item.fits_int64()) return BodyError::time;
  return check_sized_map(reader);
}

bool read_entry(pack::Reader& reader, Entry& entry) noexcept {
  const std::string_view from = reader.rest();
  const std::size_t begin = reader.offset();
  pack::Item item;
  if (!reader.next(item) || item.type != pack::Type::array || item.count != 2) return false;
  if (!reader.next(item) || !item.fits_int64()) return false;
  entry.time_ns = item.as_int64();
  if (!reader.skip(entry.params)) return false;
  entry.whole = from.substr(0, reader.offset() - begin);
  return true;
}

}  // namespace

std::string_view describe(BodyError error) noexcept {
  switch (error) {
    case BodyError::none:
      return "no error";
    case BodyError::empty:
      return "a batch without events";
    case BodyError::too_large:
      return "the body is longer than 256 KiB";
    case BodyError::head:
      return "the body does not begin with a 5-byte array head";
    case BodyError::count:
      return "the body holds another number of events than its header says";
    case BodyError::truncated:
      return "the body ends inside a value";
    case BodyError::not_a_pair:
      return "an entry is no pair of time and parameters";
    case BodyError::time:
      return "an entry's time is no 64-bit integer";
    case BodyError::params:
      return "an event's parameters are no map";
    case BodyError::event_too_large:
      return "an event is longer than 64 KiB";
    case BodyError::nesting:
      return "arrays and maps are nested deeper than 16";
    case BodyError::key:
      return "a map key is no text";
    case BodyError::text:
      return "a str is not UTF-8 (send such bytes as bin)";
    case BodyError::extension:
      return "an extension type";
    case BodyError::reserved_byte:
      return "the reserved byte 0xC1";
    case BodyError::trailing:
      return "bytes behind the last event";
  }
  return "unknown error";
}

BodyCheck check_body(std::string_view body, std::uint32_t n) noexcept {
  if (n == 0) return {BodyError::empty, 0};
  if (body.size() > limits::batch_bytes_max) return {BodyError::too_large, 0};
  if (body.size() < body_head_bytes || body[0] != '\xDD') return {BodyError::head, 0};
  pack::Reader reader(body);
  pack::Item head;
  if (!reader.next(head)) return {BodyError::truncated, 0};
  if (head.count != n) return {BodyError::count, 0};
  for (std::uint32_t i = 0; i < n; ++i) {
    const BodyError error = check_entry(reader);
    if (error != BodyError::none) return {error, reader.offset()};
  }
  if (!reader.at_end()) return {BodyError::trailing, reader.offset()};
  return {};
}

BodyCheck check_params(std::string_view params) noexcept {
  if (params.size() > limits::event_bytes_max) return {BodyError::event_too_large, 0};
  pack::Reader reader(params);
  const BodyError error = check_map(reader);
  if (error != BodyError::none) return {error, reader.offset()};
  if (!reader.at_end()) return {BodyError::trailing, reader.offset()};
  return {};
}

BodyReader::BodyReader(std::string_view body) noexcept : reader_(body) {
  pack::Item head;
  failed_ = !reader_.next(head) || head.type != pack::Type::array;
  if (!failed_) left_ = head.count;
}

bool BodyReader::next(Entry& entry) noexcept {
  if (failed_ || left_ == 0) return false;
  failed_ = !read_entry(reader_, entry);
  --left_;
  return !failed_;
}

}  // namespace zevi::wire

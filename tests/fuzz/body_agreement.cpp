#include <cstdlib>
#include <msgpack.hpp>

#include "zevi/limits.hpp"
#include "zevi/utf8.hpp"
#include "zevi/wire/body.hpp"

namespace {

bool is_value(const msgpack::object& value, std::size_t depth);

bool is_text_or_bytes(const msgpack::object& value) {
  if (value.type == msgpack::type::BIN) return true;
  return value.type == msgpack::type::STR && zevi::is_utf8({value.via.str.ptr, value.via.str.size});
}

bool is_map(const msgpack::object& value, std::size_t depth) {
  if (value.type != msgpack::type::MAP || depth > zevi::limits::nesting_max) return false;
  for (const msgpack::object_kv& entry : value.via.map) {
    if (!is_text_or_bytes(entry.key) || !is_value(entry.val, depth)) return false;
  }
  return true;
}

bool is_value(const msgpack::object& value, std::size_t depth) {
  switch (value.type) {
    case msgpack::type::EXT:
      return false;
    case msgpack::type::STR:
      return is_text_or_bytes(value);
    case msgpack::type::MAP:
      return is_map(value, depth + 1);
    case msgpack::type::ARRAY:
      if (depth == zevi::limits::nesting_max) return false;
      for (const msgpack::object& item : value.via.array) {
        if (!is_value(item, depth + 1)) return false;
      }
      return true;
    default:
      return true;
  }
}

bool is_time(const msgpack::object& value) {
  return value.type == msgpack::type::NEGATIVE_INTEGER ||
         (value.type == msgpack::type::POSITIVE_INTEGER && value.via.u64 >> 63U == 0);
}

bool is_body(const msgpack::object& body) {
  if (body.type != msgpack::type::ARRAY || body.via.array.size == 0) return false;
  for (const msgpack::object& pair : body.via.array) {
    if (pair.type != msgpack::type::ARRAY || pair.via.array.size != 2) return false;
    if (!is_time(pair.via.array.ptr[0]) || !is_map(pair.via.array.ptr[1], 1)) return false;
  }
  return true;
}

/// What msgpack-c makes of the bytes, all of them, within limits that keep it from being filled by a head
/// alone.
bool is_body_to_msgpack_c(const char* data, std::size_t size) {
  try {
    std::size_t end = 0;
    const msgpack::unpack_limit limits(size, size, size, size, size, zevi::limits::nesting_max + 2);
    const msgpack::object_handle whole = msgpack::unpack(data, size, end, nullptr, nullptr, limits);
    return end == size && is_body(whole.get());
  } catch (const msgpack::unpack_error&) {
    return false;
  }
}

}  // namespace

/// What our check of a body lets pass, msgpack-c reads as the same, and the other way round. An event is
/// never longer here than it may be, and a body always begins with the five bytes that are asked for.
extern "C" int LLVMFuzzerTestOneInput(const char* data, std::size_t size) {
  if (size < zevi::wire::body_head_bytes || data[0] != '\xDD') return 0;
  std::uint32_t n = 0;
  for (std::size_t i = 1; i < zevi::wire::body_head_bytes; ++i)
    n = n << 8U | static_cast<unsigned char>(data[i]);
  const bool is_ours = static_cast<bool>(zevi::wire::check_body({data, size}, n));
  if (is_ours != is_body_to_msgpack_c(data, size)) std::abort();
  return 0;
}

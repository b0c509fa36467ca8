#include "zevi/json.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "zevi/pack.hpp"
#include "zevi/utf8.hpp"

namespace zevi {

namespace {

constexpr std::array<std::string_view, 3> marked_keys{"$bin", "$float", "$$"};

/// What a byte of a string needs: nothing, an escape, or a look at what follows.
enum class Care : std::uint8_t { none, escape, lead_c2 };

constexpr std::array<Care, 256> make_care() {
  std::array<Care, 256> care{};
  for (std::size_t byte = 0; byte < care.size(); ++byte) {
    if (byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7F) care[byte] = Care::escape;
  }
  care[0xC2] = Care::lead_c2;
  return care;
}

constexpr std::array<Care, 256> care_of = make_care();

void append_escape(std::string& out, unsigned code) {
  constexpr std::string_view hex = "0123456789abcdef";
  switch (code) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += hex[(code >> 4) & 0xF];
      out += hex[code & 0xF];
  }
}

/// The inside of a string that is UTF-8: runs that need no care are copied whole.
void append_utf8(std::string& out, std::string_view text) {
  std::size_t copied = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const Care care = care_of[byte];
    if (care == Care::none) continue;
    std::size_t length = 1;
    unsigned code = byte;
    if (care == Care::lead_c2) {
      code = static_cast<unsigned char>(text[i + 1]);  // U+0080 to U+00BF: the second byte is the code
      if (code >= 0xA0) continue;
      length = 2;
    }
    out.append(text, copied, i - copied);
    append_escape(out, code);
    i += length - 1;
    copied = i + 1;
  }
  out.append(text, copied);
}

std::string replaced(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x80) {
      out += c;
    } else {
      out += "\xEF\xBF\xBD";
    }
  }
  return out;
}

void append_base64(std::string& out, std::string_view bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const auto byte = [&](std::size_t at) {
      return at < left ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i + at])) : 0U;
    };
    const std::uint32_t three = byte(0) << 16 | byte(1) << 8 | byte(2);
    out += alphabet[three >> 18];
    out += alphabet[(three >> 12) & 63];
    out += left > 1 ? alphabet[(three >> 6) & 63] : '=';
    out += left > 2 ? alphabet[three & 63] : '=';
  }
}

void append_integer(std::string& out, const pack::Item& item) {
  std::array<char, 24> digits;
  const auto end = item.is_negative ? std::to_chars(digits.begin(), digits.end(), item.as_int64()).ptr
                                    : std::to_chars(digits.begin(), digits.end(), item.bits).ptr;
  out.append(digits.begin(), end);
}

void append_real(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += std::isnan(value) ? R"({"$float":"nan"})"
                             : (value > 0 ? R"({"$float":"inf"})" : R"({"$float":"-inf"})");
    return;
  }
  std::array<char, 32> digits;
  const std::string_view text(
      digits.begin(),
      static_cast<std::size_t>(std::to_chars(digits.begin(), digits.end(), value).ptr - digits.begin()));
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void append_key(std::string& out, const pack::Item& key) {
  if (!is_utf8(key.bytes)) {
    out += "\"$bin:";
    append_base64(out, key.bytes);
    out += '"';
    return;
  }
  out += '"';
  for (const std::string_view marked : marked_keys) {
    if (!key.bytes.starts_with(marked)) continue;
    out += '$';
    break;
  }
  append_utf8(out, key.bytes);
  out += '"';
}

void append_value(std::string& out, pack::Reader& reader);

void append_array(std::string& out, pack::Reader& reader, std::uint32_t count) {
  out += '[';
  for (std::uint32_t i = 0; i < count && !reader.at_end(); ++i) {
    if (i != 0) out += ',';
    append_value(out, reader);
  }
  out += ']';
}

void append_map(std::string& out, pack::Reader& reader, std::uint32_t count) {
  out += '{';
  pack::Item key;
  for (std::uint32_t i = 0; i < count && reader.next(key); ++i) {
    if (i != 0) out += ',';
    append_key(out, key);
    out += ':';
    append_value(out, reader);
  }
  out += '}';
}

/// Recursion is bounded by the nesting that a checked event may have.
void append_value(std::string& out, pack::Reader& reader) {
  pack::Item item;
  if (!reader.next(item)) {
    out += "null";
    return;
  }
  switch (item.type) {
    case pack::Type::nil:
    case pack::Type::extension:
      out += "null";
      return;
    case pack::Type::boolean:
      out += item.bits != 0 ? "true" : "false";
      return;
    case pack::Type::integer:
      return append_integer(out, item);
    case pack::Type::real:
      return append_real(out, item.real);
    case pack::Type::string:
      return append_json_string(out, item.bytes);
    case pack::Type::binary:
      out += R"({"$bin":")";
      append_base64(out, item.bytes);
      out += "\"}";
      return;
    case pack::Type::array:
      return append_array(out, reader, item.count);
    case pack::Type::map:
      return append_map(out, reader, item.count);
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  if (is_utf8(text)) {
    append_utf8(out, text);
  } else {
    append_utf8(out, replaced(text));
  }
  out += '"';
}

void append_json(std::string& out, std::string_view msgpack) {
  pack::Reader reader(msgpack);
  append_value(out, reader);
}

}  // namespace zevi

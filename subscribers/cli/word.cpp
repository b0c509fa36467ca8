#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "event_lines.hpp"
#include "zevi/utf8.hpp"

namespace zevi::cli {

namespace {

constexpr std::string_view hex = "0123456789abcdef";

bool reads_as_something_else(std::string_view text) {
  if (text == "true" || text == "false" || text == "null") return true;
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return rest == end && error != std::errc::invalid_argument;
}

struct Character {
  std::uint32_t code = 0;
  std::size_t length = 1;
};

/// The character at the head of `text`, which is UTF-8.
Character first_of(std::string_view text) noexcept {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead < 0xE0 ? 2 : (lead < 0xF0 ? 3 : 4);
  std::uint32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  return {code, length};
}

/// Characters that a terminal obeys instead of showing them, or that change how others are shown.
constexpr bool is_command(std::uint32_t code) noexcept {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || (code >= 0x200B && code <= 0x200F) ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF ||
         code == 0x061C;
}

constexpr bool is_bare(std::uint32_t code) noexcept {
  return code > 0x20 && !is_command(code) && code != 0xA0 &&
         (code >= 0x80 ||
          std::string_view("\"'\\=[]{}").find(static_cast<char>(code)) == std::string_view::npos);
}

bool is_one_word(std::string_view text) {
  if (text.empty() || reads_as_something_else(text)) return false;
  for (std::size_t i = 0; i < text.size();) {
    const Character character = first_of(text.substr(i));
    if (!is_bare(character.code)) return false;
    i += character.length;
  }
  return true;
}

void append_byte(std::string& out, unsigned char byte) {
  out += "\\x";
  out += hex[byte >> 4];
  out += hex[byte & 15];
}

void append_code(std::string& out, std::uint32_t code) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += hex[(code >> shift) & 15];
}

void append_escaped(std::string& out, std::string_view character, std::uint32_t code) {
  switch (code) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '"':
    case '\\':
      out += '\\';
      out += static_cast<char>(code);
      return;
    default:
      break;
  }
  if (!is_command(code)) {
    out += character;
  } else if (code < 0x80) {
    append_byte(out, static_cast<unsigned char>(code));
  } else {
    append_code(out, code);
  }
}

}  // namespace

void append_word(std::string& out, std::string_view text) {
  if (!is_utf8(text)) {
    out += "b\"";
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte >= 0x80) {
        append_byte(out, byte);
      } else {
        append_escaped(out, {&c, 1}, byte);
      }
    }
    out += '"';
    return;
  }
  if (is_one_word(text)) {
    out += text;
    return;
  }
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const Character character = first_of(text.substr(i));
    append_escaped(out, text.substr(i, character.length), character.code);
    i += character.length;
  }
  out += '"';
}

}  // namespace zevi::cli

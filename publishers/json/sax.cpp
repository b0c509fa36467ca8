#include "sax.hpp"

#include <charconv>

namespace zevi::json {

namespace {

constexpr std::size_t escape_bytes = 6;  // \uXXXX

/// The code unit of the escape `\uXXXX` at the front of `text`, or -1 if there is none.
int unicode_escape(std::string_view text) {
  if (text.size() < escape_bytes || text[0] != '\\' || text[1] != 'u') return -1;
  unsigned unit = 0;
  const char* const end = text.data() + escape_bytes;
  const auto [rest, error] = std::from_chars(text.data() + 2, end, unit, 16);
  return error == std::errc{} && rest == end ? static_cast<int>(unit) : -1;
}

bool is_high(int unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}

bool is_low(int unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

void append_as_bytes(std::string& out, int unit) {
  out.push_back(static_cast<char>(0xE0 | (unit >> 12)));
  out.push_back(static_cast<char>(0x80 | ((unit >> 6) & 0x3F)));
  out.push_back(static_cast<char>(0x80 | (unit & 0x3F)));
}

}  // namespace

std::string with_lone_surrogates_as_bytes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t plain = std::min(text.find('\\'), text.size());
    out.append(text, 0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const int unit = unicode_escape(text);
    std::size_t taken = unit < 0 ? 2 : escape_bytes;
    if (is_high(unit) && is_low(unicode_escape(text.substr(escape_bytes)))) taken = 2 * escape_bytes;
    if (taken == escape_bytes && (is_high(unit) || is_low(unit))) {
      append_as_bytes(out, unit);
    } else {
      out.append(text, 0, taken);
    }
    text.remove_prefix(std::min(taken, text.size()));
  }
  return out;
}

}  // namespace zevi::json

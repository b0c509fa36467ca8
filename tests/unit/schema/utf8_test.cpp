#include "zevi/utf8.hpp"

#include <optional>
#include <string>

#include "catch.hpp"

using zevi::is_ascii;
using zevi::is_utf8;

namespace {

std::string encoded(std::uint32_t code) {
  const auto byte = [](std::uint32_t bits) { return static_cast<char>(bits); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xC0 | code >> 6), byte(0x80 | (code & 0x3F))};
  if (code < 0x10000) {
    return {byte(0xE0 | code >> 12), byte(0x80 | (code >> 6 & 0x3F)), byte(0x80 | (code & 0x3F))};
  }
  return {byte(0xF0 | code >> 18), byte(0x80 | (code >> 12 & 0x3F)), byte(0x80 | (code >> 6 & 0x3F)),
          byte(0x80 | (code & 0x3F))};
}

/// The same question asked in another way: decodes by the bit patterns, then wants the shortest form of a
/// scalar.
bool is_utf8_by_decoding(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80       ? 1
                               : lead >> 5 == 6  ? 2
                               : lead >> 4 == 14 ? 3
                               : lead >> 3 == 30 ? 4
                                                 : 0;
    if (length == 0 || at + length > text.size()) return false;
    std::uint32_t code = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
      const auto next = static_cast<unsigned char>(text[at + i]);
      if (next >> 6 != 2) return false;
      code = code << 6 | (next & 0x3FU);
    }
    const bool is_scalar = code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF);
    if (!is_scalar || encoded(code) != text.substr(at, length)) return false;
    at += length;
  }
  return true;
}

}  // namespace

TEST_CASE("every code point but surrogates is UTF-8, alone and cut short") {
  for (std::uint32_t code = 0; code <= 0x10FFFF; ++code) {
    const std::string text = encoded(code);
    const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (is_utf8(text) == is_surrogate) FAIL("code point " << code);
    if (text.size() > 1 && is_utf8(std::string_view(text).substr(0, text.size() - 1))) FAIL("cut " << code);
  }
}

TEST_CASE("all sequences of up to two bytes, and of three behind a three-byte lead, are judged right") {
  for (unsigned first = 0; first < 256; ++first) {
    const std::string one{static_cast<char>(first)};
    if (is_utf8(one) != is_utf8_by_decoding(one)) FAIL(first);
    for (unsigned second = 0; second < 256; ++second) {
      const std::string two{static_cast<char>(first), static_cast<char>(second)};
      if (is_utf8(two) != is_utf8_by_decoding(two)) FAIL(first << ' ' << second);
      if (first < 0xE0 || first > 0xEF) continue;
      for (unsigned third = 0; third < 256; ++third) {
        const std::string three = two + static_cast<char>(third);
        if (is_utf8(three) != is_utf8_by_decoding(three)) FAIL(first << ' ' << second << ' ' << third);
      }
    }
  }
}

TEST_CASE("four bytes are judged right at every border of the table") {
  for (unsigned first = 0xEF; first < 256; ++first) {
    for (const unsigned second : {0x00U, 0x7FU, 0x80U, 0x8FU, 0x90U, 0x9FU, 0xA0U, 0xBFU, 0xC0U, 0xFFU}) {
      for (const unsigned third : {0x7FU, 0x80U, 0xBFU, 0xC0U}) {
        for (const unsigned fourth : {0x41U, 0x7FU, 0x80U, 0xBFU, 0xC0U, 0xFFU}) {
          const std::string four{static_cast<char>(first), static_cast<char>(second),
                                 static_cast<char>(third), static_cast<char>(fourth)};
          if (is_utf8(four) != is_utf8_by_decoding(four)) FAIL(first << ' ' << second << ' ' << third);
        }
      }
    }
  }
}

TEST_CASE("a fault or a character is seen at every place in texts of every short length") {
  for (std::size_t before = 0; before < 40; ++before) {
    for (std::size_t behind = 0; behind < 40; ++behind) {
      const std::string front(before, 'a');
      const std::string back(behind, 'z');
      if (!is_ascii(front + back) || !is_utf8(front + back)) FAIL(before << ' ' << behind);
      for (const std::string_view good : {"é", "呼", "😀"}) {
        const std::string text = front + std::string(good) + back;
        if (!is_utf8(text) || is_ascii(text)) FAIL(good << ' ' << before << ' ' << behind);
      }
      for (const std::string_view bad :
           {"\x80", "\xff", "\xc3", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80"}) {
        const std::string text = front + std::string(bad) + back;
        if (is_utf8(text) || is_ascii(text)) FAIL(before << ' ' << behind);
      }
    }
  }
}

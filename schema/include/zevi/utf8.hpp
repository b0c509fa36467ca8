#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace zevi {

/// True if no byte of `text` has its first bit set. Short text is looked at in two or three loads that
/// overlap, since most names and values of events are shorter than a word.
[[nodiscard]] inline bool is_ascii(std::string_view text) noexcept {
  const char* at = text.data();
  const std::size_t size = text.size();
  if (size >= 8) {
    const char* const last = at + size - 8;
    std::uint64_t word;
    std::memcpy(&word, last, 8);
    std::uint64_t all = word;
    for (; at < last; at += 8) {
      std::memcpy(&word, at, 8);
      all |= word;
    }
    return (all & 0x8080808080808080U) == 0;
  }
  if (size >= 4) {
    std::uint32_t front;
    std::uint32_t back;
    std::memcpy(&front, at, 4);
    std::memcpy(&back, at + size - 4, 4);
    return ((front | back) & 0x80808080U) == 0;
  }
  if (size == 0) return true;
  const int all = at[0] | at[size / 2] | at[size - 1];
  return (all & 0x80) == 0;
}

/// True if `text` is well-formed UTF-8 as Unicode defines it (table 3-7 of the standard): no overlong form,
/// no surrogate, nothing above U+10FFFF. Runs of ASCII are passed eight bytes in a step, since events are
/// mostly ASCII and the broker looks at every string.
[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
  if (is_ascii(text)) return true;
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = at + text.size();
  while (at != end) {
    const unsigned char lead = *at;
    if (lead < 0x80) {
      const std::ptrdiff_t step = end - at >= 8 && is_ascii({reinterpret_cast<const char*>(at), 8}) ? 8 : 1;
      at += step;
      continue;
    }
    std::ptrdiff_t length = 0;
    unsigned char second_min = 0x80;
    unsigned char second_max = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
      length = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      length = 3;
      if (lead == 0xE0) second_min = 0xA0;
      if (lead == 0xED) second_max = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      length = 4;
      if (lead == 0xF0) second_min = 0x90;
      if (lead == 0xF4) second_max = 0x8F;
    } else {
      return false;
    }
    if (end - at < length || at[1] < second_min || at[1] > second_max) return false;
    for (std::ptrdiff_t i = 2; i < length; ++i) {
      if ((at[i] & 0xC0) != 0x80) return false;
    }
    at += length;
  }
  return true;
}

}  // namespace zevi

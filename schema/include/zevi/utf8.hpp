#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace zevi {

/// True if `text` is well-formed UTF-8 as Unicode defines it (table 3-7 of the standard): no overlong form,
/// no surrogate, nothing above U+10FFFF. Eight ASCII bytes are looked at in one step, since events are mostly
/// ASCII and the broker looks at every string.
[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = at + text.size();
  while (at != end) {
    if (end - at >= 8) {
      std::uint64_t word;
      std::memcpy(&word, at, 8);
      if ((word & 0x8080808080808080U) == 0) {
        at += 8;
        continue;
      }
    }
    const unsigned char lead = *at;
    if (lead < 0x80) {
      ++at;
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

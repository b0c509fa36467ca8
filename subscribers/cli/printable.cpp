#include "printable.hpp"

#include "zevi/utf8.hpp"

namespace zevi::cli {

std::string printable(std::string_view text) {
  const bool is_text = is_utf8(text);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // C1 controls are C2 80 to C2 9F.
    const bool is_c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (byte < 0x20 || byte == 0x7F || is_c1 || (byte >= 0x80 && !is_text)) {
      out += '?';
      if (is_c1 && is_text) ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace zevi::cli

#include "object_splitter.hpp"

namespace zevi::ingest {

/// The place of the next object's first brace, or the end.
std::size_t ObjectSplitter::skip_to_object(std::string_view bytes, std::size_t at) noexcept {
  for (; at < bytes.size() && bytes[at] != '{'; ++at) {
    const char c = bytes[at];
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') ++stray_bytes_;
  }
  return at;
}

/// The place behind the object's last brace, or the end.
std::size_t ObjectSplitter::scan(std::string_view bytes, std::size_t at) noexcept {
  for (; at < bytes.size(); ++at) {
    const char c = bytes[at];
    if (escaped_) {
      escaped_ = false;
    } else if (in_string_) {
      escaped_ = c == '\\';
      in_string_ = c != '"';
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{') {
      ++depth_;
    } else if (c == '}' && --depth_ == 0) {
      return at + 1;
    }
  }
  return at;
}

/// The whole object; the bytes themselves when they hold all of it.
std::string_view ObjectSplitter::joined(std::string_view end) {
  if (unfinished_.empty()) return end;
  unfinished_.append(end);
  return unfinished_;
}

}  // namespace zevi::ingest

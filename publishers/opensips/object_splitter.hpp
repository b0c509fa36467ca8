#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace zevi::ingest {

/// Finds the objects in a stream that has nothing between them: event_stream sends JSON objects back to back,
/// and TCP cuts and joins them as it likes.
///
/// It looks at braces and strings alone and leaves it to the reader of the object to judge what is inside.
/// Bytes between objects that are not white space are passed over and counted, so that one broken object does
/// not cost the ones behind it.
class ObjectSplitter {
 public:
  /// The longest object that is waited for.
  static constexpr std::size_t object_bytes_max = 1024 * 1024;

  /// Takes the next bytes of the stream and calls `take(std::string_view object)` for each object that ends
  /// in them. False if an object exceeds `object_bytes_max`: the stream cannot be followed any more.
  template <typename Take>
  [[nodiscard]] bool feed(std::string_view bytes, Take&& take) {
    std::size_t begin = 0;
    std::size_t at = 0;
    while (at < bytes.size()) {
      if (!inside()) {
        at = skip_to_object(bytes, at);
        begin = at;
        if (at == bytes.size()) break;
      }
      at = scan(bytes, at);
      if (!inside()) {
        take(joined(bytes.substr(begin, at - begin)));
        unfinished_.clear();
      }
    }
    if (!inside()) return true;
    unfinished_.append(bytes.substr(begin));
    return unfinished_.size() <= object_bytes_max;
  }

  /// True while an object has begun and not ended.
  [[nodiscard]] bool inside() const noexcept { return depth_ > 0; }
  /// Bytes between objects that were no white space.
  [[nodiscard]] std::uint64_t stray_bytes() const noexcept { return stray_bytes_; }

 private:
  [[nodiscard]] std::size_t skip_to_object(std::string_view bytes, std::size_t at) noexcept;
  [[nodiscard]] std::size_t scan(std::string_view bytes, std::size_t at) noexcept;
  [[nodiscard]] std::string_view joined(std::string_view end);

  std::string unfinished_;  ///< the beginning of an object whose end has not arrived
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  std::uint64_t stray_bytes_ = 0;
};

}  // namespace zevi::ingest

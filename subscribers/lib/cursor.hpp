#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "position.hpp"

namespace zevi::subscriber {

/// A cursor as text: JSON, the same that the Python package writes. Fields that are not known are skipped.
[[nodiscard]] std::string encode_cursor(const Position& position);
/// Throws `zevi::Error` if it is no cursor, saying why.
[[nodiscard]] Position decode_cursor(std::string_view text);

/// The file that keeps how far a consumer has come.
class CursorFile {
 public:
  explicit CursorFile(std::string path) : path_(std::move(path)) {}

  /// Nothing if there is no such file. Throws `zevi::Error` if it cannot be read or is no cursor.
  [[nodiscard]] std::optional<Position> load() const;
  /// Replaces the file and waits until the disk has it. Throws `zevi::Error` if that fails; the file is then
  /// as it was.
  void save(const Position& position) const;

 private:
  const std::string path_;
};

}  // namespace zevi::subscriber

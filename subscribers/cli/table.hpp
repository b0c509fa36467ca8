#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zevi::cli {

/// A table for people: a line of titles, columns as wide as they need to be, two blanks between them.
class Table {
 public:
  enum class Align : std::uint8_t { left, right };

  void add_column(std::string_view title, Align align) { columns_.push_back({std::string(title), align}); }
  /// As many cells as there are columns; each is made `printable`.
  void add_row(const std::vector<std::string>& cells);

  void append(std::string& out) const;

 private:
  struct Column {
    std::string title;
    Align align;
  };

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace zevi::cli

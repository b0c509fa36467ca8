#include "table.hpp"

#include <algorithm>

#include "printable.hpp"

namespace zevi::cli {

namespace {

/// In characters, as far as each takes one place.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

void Table::add_row(const std::vector<std::string>& cells) {
  std::vector<std::string>& row = rows_.emplace_back();
  for (const std::string& cell : cells) row.push_back(printable(cell));
}

void Table::append(std::string& out) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = width_of(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, width_of(row[i]));
    widths.push_back(width);
  }
  const auto append_line = [&](auto cell) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const std::string& text = cell(i);
      const std::size_t blanks = widths[i] - width_of(text);
      if (i != 0) out += "  ";
      if (columns_[i].align == Align::right) out.append(blanks, ' ');
      out += text;
      if (columns_[i].align == Align::left) out.append(blanks, ' ');
    }
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  };
  append_line([this](std::size_t i) -> const std::string& { return columns_[i].title; });
  for (const auto& row : rows_) append_line([&row](std::size_t i) -> const std::string& { return row[i]; });
}

}  // namespace zevi::cli

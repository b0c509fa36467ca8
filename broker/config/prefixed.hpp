#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "zevi/error.hpp"

/// What the values of options have in common that begin with `PREFIX=`.
namespace zevi::broker {

/// The part of `text` in front of the first `end`, which is taken away with it.
[[nodiscard]] inline std::string_view cut(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

/// `PREFIX`, `PREFIX*` or nothing.
[[nodiscard]] inline std::string prefix_of(std::string_view text) {
  if (text.ends_with('*')) text.remove_suffix(1);
  return std::string(text);
}

[[nodiscard]] inline Error wrong(std::string_view option, std::string_view value, std::string_view what,
                                 std::string_view form) {
  return Error(std::string(option) + " '" + std::string(value) + "': " + std::string(what) + "; " +
               std::string(form));
}

}  // namespace zevi::broker

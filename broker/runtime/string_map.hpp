#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace zevi::broker {

struct StringHash {
  using is_transparent = void;
  [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

/// A map by text that is looked up without making a string.
template <typename Value>
using StringMap = std::unordered_map<std::string, Value, StringHash, std::equal_to<>>;

}  // namespace zevi::broker

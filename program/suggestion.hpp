#pragma once

#include <string_view>
#include <vector>

namespace zevi::program {

/// The candidate that a mistyped `word` most likely meant: at most two letters wrong, missing or too many.
/// Empty if there is none.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       const std::vector<std::string_view>& candidates);

}  // namespace zevi::program

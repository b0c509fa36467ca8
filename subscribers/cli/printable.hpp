#pragma once

#include <string>
#include <string_view>

namespace zevi::cli {

/// Text of the broker's own as it may stand in a line: what would move a cursor or is no UTF-8 becomes `?`.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace zevi::cli

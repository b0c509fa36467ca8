#pragma once

#include <vector>

#include "topics/topic.hpp"

namespace zevi::broker {

/// A piece that is too large for one message, in parts that each fit, in order. Its body was checked.
[[nodiscard]] std::vector<Piece> split(const Piece& piece);

}  // namespace zevi::broker

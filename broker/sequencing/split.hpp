#pragma once

#include <vector>

#include "topics/topic.hpp"

namespace zevi::broker {

/// The piece in parts that each fit into one message, in order. For a body that was checked; one that fits
/// already comes back as it is.
[[nodiscard]] std::vector<Piece> split(Piece&& piece);

}  // namespace zevi::broker

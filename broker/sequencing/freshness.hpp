#pragma once

#include <cstdint>
#include <vector>

#include "topics/topic.hpp"

namespace zevi::broker {

/// A piece without its events from before `oldest_ns`: itself if there are none, else the parts between them,
/// each with its own numbers. Its body was checked.
[[nodiscard]] std::vector<Piece> without_older(Piece&& piece, std::int64_t oldest_ns);

}  // namespace zevi::broker

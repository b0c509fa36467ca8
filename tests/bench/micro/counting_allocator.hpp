#pragma once

#include <cstdint>

namespace zevi::bench {

/// How often the calling thread has allocated, by `new` or `malloc`, since it began.
[[nodiscard]] std::uint64_t allocations() noexcept;

}  // namespace zevi::bench

#pragma once

#include <cstdint>

namespace zevi {

/// A random id between 1 and 2^53 - 1 from the kernel's generator. Throws `zevi::Error` if it gives nothing.
[[nodiscard]] std::uint64_t random_id();

}  // namespace zevi

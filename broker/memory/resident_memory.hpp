#pragma once

#include <cstdint>

namespace zevi::broker {

/// What the process holds in memory; 0 if the kernel does not say.
[[nodiscard]] std::uint64_t resident_bytes();

}  // namespace zevi::broker

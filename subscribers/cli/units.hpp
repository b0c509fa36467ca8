#pragma once

#include <chrono>
#include <cstdint>
#include <string>

/// Numbers as people read them, in a few characters.
namespace zevi::cli {

/// `99999`, `123k`, `1.23M`, `45.6G`.
[[nodiscard]] std::string count_text(double count);
/// `0`, `0.4/s`, `123k/s`.
[[nodiscard]] std::string rate_text(double per_second);
/// `512 B`, `1.50 KiB`, `64.0 MiB`.
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);
/// `0.3s`, `12s`, `3m12s`, `2h05m`, `3d04h`.
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds time);

}  // namespace zevi::cli

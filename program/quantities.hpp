#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>

/// Option values with a unit, for use as `po::value<Duration>()`.
namespace zevi::program {

/// `250ms`, `2s`, `5m`, `24h`; a bare number is not taken, since nobody can tell its unit.
struct Duration {
  std::chrono::nanoseconds value{0};
};

/// `64KiB`, `64MB`, `1GiB`, `4096` (bytes).
struct ByteSize {
  std::uint64_t value = 0;
};

std::istream& operator>>(std::istream& in, Duration& duration);
std::ostream& operator<<(std::ostream& out, const Duration& duration);
std::istream& operator>>(std::istream& in, ByteSize& size);
std::ostream& operator<<(std::ostream& out, const ByteSize& size);

}  // namespace zevi::program

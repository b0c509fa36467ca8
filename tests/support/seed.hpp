#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

/// Random tests draw from a seed of their own; put `seed_message()` into an INFO so that a failure says how
/// to repeat it.
namespace zevi::test {

/// `$ZEVI_SEED` if set, else new in every process.
[[nodiscard]] inline std::uint64_t seed() {
  static const std::uint64_t value = [] {
    const char* const chosen = std::getenv("ZEVI_SEED");
    if (chosen != nullptr) return std::strtoull(chosen, nullptr, 10);
    std::random_device device;
    return (static_cast<unsigned long long>(device()) << 32) | device();
  }();
  return value;
}

[[nodiscard]] inline std::string seed_message() {
  return "repeat with ZEVI_SEED=" + std::to_string(seed());
}

}  // namespace zevi::test

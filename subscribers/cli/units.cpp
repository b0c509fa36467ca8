#include "units.hpp"

#include <array>
#include <cstdio>

namespace zevi::cli {

namespace {

/// Three digits that count.
std::string three_digits(double value) {
  std::array<char, 32> text{};
  const int decimals = value < 9.995 ? 2 : (value < 99.95 ? 1 : 0);
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

/// Two units, the smaller one filled up to two digits.
std::string two_units(std::int64_t larger, const char* unit, std::int64_t smaller, const char* smaller_unit) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%lld%s%02lld%s", static_cast<long long>(larger), unit,
                static_cast<long long>(smaller), smaller_unit);
  return text.data();
}

}  // namespace

std::string count_text(double count) {
  constexpr double exact_below = 100'000;
  if (count < exact_below) return std::to_string(static_cast<std::uint64_t>(count));
  const char* unit = "k";
  count /= 1000;
  for (const char* const larger : {"M", "G", "T", "P"}) {
    if (count < 999.5) break;
    count /= 1000;
    unit = larger;
  }
  return three_digits(count) + unit;
}

std::string rate_text(double per_second) {
  if (per_second == 0) return "0";
  constexpr double tenths_below = 10;
  if (per_second >= tenths_below) return count_text(per_second) + "/s";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f/s", per_second);
  return text.data();
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr double step = 1024;
  auto value = static_cast<double>(bytes);
  if (value < step) return std::to_string(bytes) + " B";
  const char* unit = "KiB";
  value /= step;
  for (const char* const larger : {"MiB", "GiB", "TiB"}) {
    if (value < 999.5) break;
    value /= step;
    unit = larger;
  }
  return three_digits(value) + " " + unit;
}

std::string duration_text(std::chrono::nanoseconds time) {
  using std::chrono::duration_cast;
  const auto seconds = duration_cast<std::chrono::seconds>(time).count();
  if (seconds < 10) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1fs", std::chrono::duration<double>(time).count());
    return text.data();
  }
  if (seconds < 60) return std::to_string(seconds) + "s";
  const auto minutes = seconds / 60;
  if (minutes < 60) return two_units(minutes, "m", seconds % 60, "s");
  const auto hours = minutes / 60;
  if (hours < 24) return two_units(hours, "h", minutes % 60, "m");
  return two_units(hours / 24, "d", hours % 24, "h");
}

}  // namespace zevi::cli

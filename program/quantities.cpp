#include "quantities.hpp"

#include <array>
#include <charconv>
#include <istream>
#include <limits>
#include <ostream>
#include <string>
#include <string_view>

namespace zevi::program {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// From the largest down, so that printing takes the largest that divides evenly.
constexpr std::array duration_units{
    Unit{"h", 3'600'000'000'000}, Unit{"m", 60'000'000'000}, Unit{"s", 1'000'000'000},
    Unit{"ms", 1'000'000},        Unit{"us", 1'000},         Unit{"ns", 1}};

constexpr std::array size_units{Unit{"GiB", std::uint64_t{1} << 30},
                                Unit{"MiB", std::uint64_t{1} << 20},
                                Unit{"KiB", std::uint64_t{1} << 10},
                                Unit{"GB", 1'000'000'000},
                                Unit{"MB", 1'000'000},
                                Unit{"KB", 1'000},
                                Unit{"kB", 1'000},
                                Unit{"", 1}};

/// Reads `NUMBER UNIT` and leaves the stream failed if it is anything else or does not fit `max`.
template <typename Units>
std::uint64_t read_quantity(std::istream& in, const Units& units, std::uint64_t max) {
  std::string text;
  in >> text;
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  const std::string_view name(rest, static_cast<std::size_t>(end - rest));
  if (error == std::errc{}) {
    for (const Unit& unit : units) {
      if (unit.name == name && number <= max / unit.factor) return number * unit.factor;
    }
  }
  in.setstate(std::ios::failbit);
  return 0;
}

template <typename Units>
void write_quantity(std::ostream& out, const Units& units, std::uint64_t value) {
  for (const Unit& unit : units) {
    if (value % unit.factor == 0 && (value != 0 || unit.factor == 1)) {
      out << value / unit.factor << unit.name;
      return;
    }
  }
}

}  // namespace

std::istream& operator>>(std::istream& in, Duration& duration) {
  constexpr auto max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  duration.value =
      std::chrono::nanoseconds(static_cast<std::int64_t>(read_quantity(in, duration_units, max)));
  return in;
}

std::ostream& operator<<(std::ostream& out, const Duration& duration) {
  write_quantity(out, duration_units, static_cast<std::uint64_t>(duration.value.count()));
  return out;
}

std::istream& operator>>(std::istream& in, ByteSize& size) {
  size.value = read_quantity(in, size_units, std::numeric_limits<std::uint64_t>::max());
  return in;
}

std::ostream& operator<<(std::ostream& out, const ByteSize& size) {
  write_quantity(out, size_units, size.value);
  return out;
}

}  // namespace zevi::program

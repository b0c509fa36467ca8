#include "quantities.hpp"

#include <optional>
#include <sstream>

#include "catch.hpp"

using zevi::program::ByteSize;
using zevi::program::Duration;
using namespace std::chrono_literals;

namespace {

template <typename Quantity>
std::optional<Quantity> read(const std::string& text) {
  std::istringstream in(text);
  Quantity quantity;
  in >> quantity;
  return in.fail() ? std::nullopt : std::optional(quantity);
}

template <typename Quantity>
std::string show(Quantity quantity) {
  std::ostringstream out;
  out << quantity;
  return out.str();
}

}  // namespace

TEST_CASE("a duration is a whole number with a unit") {
  CHECK(read<Duration>("250ms")->value == 250ms);
  CHECK(read<Duration>("2s")->value == 2s);
  CHECK(read<Duration>("5m")->value == 5min);
  CHECK(read<Duration>("24h")->value == 24h);
  CHECK(read<Duration>("0s")->value == 0s);
  for (const char* text :
       {"", "2", "s", "-1s", "1.5s", "2 s", "2weeks", "9999999999h", "99999999999999999999s"}) {
    CHECK_FALSE(read<Duration>(text));
  }
}

TEST_CASE("a size is a whole number of bytes with or without a unit") {
  CHECK(read<ByteSize>("4096")->value == 4096);
  CHECK(read<ByteSize>("64KiB")->value == 65536);
  CHECK(read<ByteSize>("64MB")->value == 64'000'000);
  CHECK(read<ByteSize>("1GiB")->value == (std::uint64_t{1} << 30));
  for (const char* text : {"", "KiB", "-1", "1.5MB", "1XB", "99999999999GiB"})
    CHECK_FALSE(read<ByteSize>(text));
}

TEST_CASE("quantities are shown in the largest unit that divides them and read back the same") {
  CHECK(show(Duration{2s}) == "2s");
  CHECK(show(Duration{1500ms}) == "1500ms");
  CHECK(show(Duration{0s}) == "0ns");
  CHECK(show(ByteSize{64 * 1024 * 1024}) == "64MiB");
  CHECK(show(ByteSize{1000}) == "1KB");
  CHECK(read<Duration>(show(Duration{90min}))->value == 90min);
}

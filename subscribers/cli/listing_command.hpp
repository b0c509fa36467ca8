#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "program.hpp"

/// The commands that show a list which the broker keeps: `zevi topics`, `zevi publishers`, ...
namespace zevi::cli {

/// How a field of a row is shown.
enum class Show : std::uint8_t {
  text,
  prefix,  ///< of topics, with a star behind it
  number,  ///< with all its digits
  count,
  bytes,
  rate,
  age,  ///< of a time in nanoseconds since 1970, by the broker's clock
  up,   ///< a boolean: up or down
  yes,  ///< a boolean: yes or nothing
};

struct ListingColumn {
  std::string_view title;
  std::string_view key;  ///< of the row's field
  Show show;
  std::vector<std::string_view> also = {};  ///< further fields, added to it
};

struct Listing {
  program::About about;
  std::string_view cmd;  ///< of the question to the broker
  std::vector<ListingColumn> columns;
  std::string_view sort;                ///< the key that rows are sorted by unless told otherwise
  std::string_view empty;               ///< what to say when there are none
  std::string_view hidden_unless = {};  ///< a boolean; rows in which it is false are shown with --all alone
};

/// The whole program.
[[nodiscard]] int run_listing(int argc, const char* const* argv, const Listing& listing);

}  // namespace zevi::cli

#pragma once

#include <cstdint>
#include <string_view>

#include "zevi/subscriber/params.hpp"

namespace zevi::cli {

/// A number in a row of the broker's answer; 0 if it is not there.
[[nodiscard]] inline std::uint64_t uint_of(const Params& row, std::string_view key) noexcept {
  return row.find(key).as_uint().value_or(0);
}

}  // namespace zevi::cli

#pragma once

#include <string_view>

#include "zevi/wire/body.hpp"

/// The rules of `wire::check_body` once more, written for being read and not for being fast, to compare with.
namespace zevi::test {

[[nodiscard]] wire::BodyCheck plain_check_body(std::string_view body, std::uint32_t n);
[[nodiscard]] wire::BodyCheck plain_check_params(std::string_view params);

}  // namespace zevi::test

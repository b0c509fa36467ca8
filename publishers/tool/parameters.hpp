#pragma once

#include <string>
#include <vector>

namespace zevi::pub {

/// The parameters of an event as they are given on a command line, as a msgpack map in their order:
///   name=value    a number, `true`, `false` or `null` is taken for what it looks like, anything else is text
///   name:=JSON    any JSON value
/// What is no number in JSON stays text: `007`, `+49`, `1.2.3`. With `as_text`, `name=value` is always text.
/// Text that is not UTF-8 becomes `bin`.
///
/// Throws `zevi::Error` that names the argument.
[[nodiscard]] std::string encode_parameters(const std::vector<std::string>& arguments, bool as_text);

}  // namespace zevi::pub

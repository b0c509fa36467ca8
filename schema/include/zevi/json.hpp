#pragma once

#include <string>
#include <string_view>

/// Writes msgpack values as JSON text, without building anything in between, and without losing anything:
///
/// - Integers are written with all their digits, whole doubles with `.0`.
/// - Bytes become `{"$bin": "BASE64"}`, and NaN and the infinities `{"$float": "nan"}`, `"inf"`, `"-inf"`.
/// - A map key that is no UTF-8 becomes `$bin:BASE64`; a key that itself begins with `$bin`, `$float` or `$$`
///   gets a `$` in front.
/// - The output is ASCII control free: besides what JSON asks for, DEL and the C1 controls are escaped, so
///   that no terminal takes an event for a command.
namespace zevi {

/// Appends one value. `msgpack` must have passed `wire::check_params` or come from a checked event; of bytes
/// that end early it writes what is there, as valid JSON.
void append_json(std::string& out, std::string_view msgpack);

/// Appends a string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace zevi

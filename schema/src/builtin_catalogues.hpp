#pragma once

#include <string_view>

/// The files of schema/catalogue as the build found them.
namespace zevi::builtin {

extern const std::string_view broker;
extern const std::string_view core;
extern const std::string_view opensips_modules;

}  // namespace zevi::builtin

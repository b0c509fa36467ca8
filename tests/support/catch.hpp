#pragma once

#include <string>

// Catch2 as Debian 12 has it (version 2) and as newer systems have it (version 3).
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>

/// A matcher for text that holds `part`.
inline auto contains_text(const std::string& part) {
  return Catch::Matchers::ContainsSubstring(part);
}
#else
#include <catch2/catch.hpp>

/// A matcher for text that holds `part`.
inline auto contains_text(const std::string& part) {
  return Catch::Matchers::Contains(part);
}
#endif

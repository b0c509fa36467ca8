#pragma once

#include <string>

namespace zevi::broker {

/// What looking at a store or repairing it came to, in words for people.
struct StoreReport {
  bool is_sound = true;
  std::string text;  ///< some lines
};

/// Reads everything in the store of a broker that is stopped and changes nothing. Throws `zevi::Error` if
/// there is no store, it is of a newer version, or another program uses it.
[[nodiscard]] StoreReport check_store_directory(const std::string& path);

/// Makes a store of what can be read of a damaged one: events whose bytes are whole, with their numbers.
/// Files that are not whole are kept beside it. Throws like the above.
[[nodiscard]] StoreReport repair_store_directory(const std::string& path);

}  // namespace zevi::broker

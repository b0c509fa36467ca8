#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// Files that were put aside are called like the file and the time behind it:
/// `a.ndjson.20240531T140312.123456Z`.
namespace zevi::bridges {

[[nodiscard]] std::string rotated_name(const std::string& path);
/// Those of `path`, the oldest first.
[[nodiscard]] std::vector<std::string> rotated_files(const std::string& path);

}  // namespace zevi::bridges

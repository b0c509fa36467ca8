#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

/// The golden messages in schema/vectors, described in the README there.
namespace zevi::conformance {

struct Vector {
  std::string name;
  std::string kind;
  std::string bytes;
  nlohmann::json source;  ///< the vector as it stands in the file
};

[[nodiscard]] std::vector<Vector> good_vectors();
[[nodiscard]] std::vector<Vector> broken_vectors();
[[nodiscard]] Vector good_vector(const std::string& name);

[[nodiscard]] std::string read_source_file(const std::string& path_in_source);
[[nodiscard]] std::string from_hex(const std::string& digits);
[[nodiscard]] std::string to_hex(std::string_view bytes);

}  // namespace zevi::conformance

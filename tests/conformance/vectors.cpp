#include "vectors.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace zevi::conformance {

namespace {

using nlohmann::json;

/// Hex, or a list of hex and `{"repeat": hex, "times": n}`.
std::string bytes_of(const json& hex) {
  if (hex.is_string()) return from_hex(hex.get<std::string>());
  std::string bytes;
  for (const json& part : hex) {
    const bool repeats = part.is_object();
    const std::string piece = from_hex((repeats ? part.at("repeat") : part).get<std::string>());
    const std::size_t times = repeats ? part.at("times").get<std::size_t>() : 1;
    for (std::size_t i = 0; i < times; ++i) bytes += piece;
  }
  return bytes;
}

/// The same notation in `fields`: a list of `times` equal elements.
void expand_repeats(json& value) {
  if (value.is_object() && value.contains("repeat")) {
    value = json(value.at("times").get<std::size_t>(), value.at("repeat"));
  } else if (value.is_structured()) {
    for (json& inner : value) expand_repeats(inner);
  }
}

std::vector<Vector> load(const std::string& path) {
  std::vector<Vector> vectors;
  for (json& source : json::parse(read_source_file(path))) {
    if (source.contains("fields")) expand_repeats(source.at("fields"));
    vectors.push_back({source.at("name"), source.at("kind"), bytes_of(source.at("hex")), source});
  }
  return vectors;
}

}  // namespace

std::vector<Vector> good_vectors() {
  return load("schema/vectors/good.json");
}
std::vector<Vector> broken_vectors() {
  return load("schema/vectors/broken.json");
}

Vector good_vector(const std::string& name) {
  for (Vector& vector : good_vectors()) {
    if (vector.name == name) return vector;
  }
  throw std::runtime_error("schema/vectors/good.json holds no vector named '" + name + "'");
}

std::string read_source_file(const std::string& path_in_source) {
  std::ifstream file(ZEVI_SOURCE_DIR "/" + path_in_source, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path_in_source);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string from_hex(const std::string& digits) {
  if (digits.size() % 2 != 0) throw std::runtime_error("odd number of hex digits: " + digits);
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += digits[byte >> 4];
    hex += digits[byte & 0xF];
  }
  return hex;
}

}  // namespace zevi::conformance

#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

/// A recording of tests/data/captures as it lies there.
inline std::string recording(const std::string& name) {
  std::ifstream file(std::string(ZEVI_CAPTURES) + "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

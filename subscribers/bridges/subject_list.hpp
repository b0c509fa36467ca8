#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace zevi::bridges {

/// The parts of a `--subject` that names several with commas between them, which may be empty; at least one.
[[nodiscard]] inline std::vector<std::string> subjects_in(const std::string& list) {
  std::vector<std::string> subjects;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    subjects.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return subjects;
}

}  // namespace zevi::bridges

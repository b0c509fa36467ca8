#include "rotated_files.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string_view>

namespace zevi::bridges {

namespace {

constexpr std::string_view pattern = "00000000T000000.000000Z";

bool is_time(std::string_view text) {
  return std::equal(text.begin(), text.end(), pattern.begin(), pattern.end(), [](char given, char wanted) {
    return wanted == '0' ? given >= '0' && given <= '9' : given == wanted;
  });
}

}  // namespace

std::string rotated_name(const std::string& path) {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(since_1970).count();
  const std::time_t seconds = us / 1'000'000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> day{};
  std::array<char, 16> fraction{};
  static_cast<void>(std::strftime(day.data(), day.size(), "%Y%m%dT%H%M%S", &utc));
  std::snprintf(fraction.data(), fraction.size(), ".%06dZ", static_cast<int>(us % 1'000'000));
  return path + "." + day.data() + fraction.data();
}

std::vector<std::string> rotated_files(const std::string& path) {
  namespace fs = std::filesystem;
  const fs::path whole(path);
  const std::string beginning = whole.filename().string() + ".";
  std::vector<std::string> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(whole.parent_path(), error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(beginning) && is_time(std::string_view(name).substr(beginning.size()))) {
      found.push_back(entry.path().string());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace zevi::bridges

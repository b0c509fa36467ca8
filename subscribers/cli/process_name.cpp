#include "process_name.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "printable.hpp"

namespace zevi::cli {

namespace {

constexpr std::size_t command_shown = 80;

std::string contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

Process process_of(std::uint64_t pid) {
  if (pid == 0) return {};
  const std::string folder = "/proc/" + std::to_string(pid);
  Process process;
  std::string line = contents(folder + "/cmdline");
  std::replace(line.begin(), line.end(), '\0', ' ');
  while (!line.empty() && line.back() == ' ') line.pop_back();
  if (line.size() > command_shown) line = line.substr(0, command_shown - 3) + "...";
  process.command = printable(line);
  // The name before the state may hold anything, parentheses too.
  const std::string stat = contents(folder + "/stat");
  const std::size_t name_end = stat.rfind(") ");
  const char state = name_end == std::string::npos || name_end + 2 >= stat.size() ? ' ' : stat[name_end + 2];
  process.is_stopped = state == 'T' || state == 't';
  return process;
}

}  // namespace zevi::cli

#include "commands.hpp"

#include <unistd.h>

#include <algorithm>
#include <system_error>

namespace zevi::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view name_prefix = "zevi-";

bool is_executable_file(const fs::directory_entry& entry) {
  std::error_code error;
  return entry.is_regular_file(error) && access(entry.path().c_str(), X_OK) == 0;
}

}  // namespace

Commands::Commands(std::vector<fs::path> own_dirs, std::string_view path) {
  for (const fs::path& dir : own_dirs) add_from(dir, true);
  while (!path.empty()) {
    const std::string_view dir = path.substr(0, path.find(':'));
    // An empty element means the current directory, whose programs nobody asked for.
    if (!dir.empty()) add_from(dir, false);
    path.remove_prefix(std::min(dir.size() + 1, path.size()));
  }
  std::sort(commands_.begin(), commands_.end(),
            [](const Command& a, const Command& b) { return a.name < b.name; });
}

void Commands::add_from(const fs::path& dir, bool is_own) {
  std::error_code error;
  fs::directory_iterator entries(dir, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const std::string file = entries->path().filename().string();
    if (!file.starts_with(name_prefix) || file.size() == name_prefix.size()) continue;
    std::string name = file.substr(name_prefix.size());
    if (find(name) != nullptr || !is_executable_file(*entries)) continue;
    commands_.push_back({std::move(name), entries->path(), is_own});
  }
}

const Command* Commands::find(std::string_view name) const noexcept {
  const auto found = std::find_if(commands_.begin(), commands_.end(),
                                  [name](const Command& command) { return command.name == name; });
  return found == commands_.end() ? nullptr : &*found;
}

}  // namespace zevi::cli

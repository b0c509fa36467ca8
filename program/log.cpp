#include "log.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

namespace zevi::program {

namespace {

constexpr std::array<std::string_view, 3> level_words{"error: ", "warning: ", ""};
constexpr std::array<std::string_view, 3> journal_levels{"<3>", "<4>", "<6>"};

/// systemd names the file that it reads by device and inode; a program whose output was sent elsewhere has
/// another one.
bool stderr_is_the_journal() {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) return false;
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == stream;
}

}  // namespace

Log::Log(std::string name, const std::string& part)
    : name_(std::move(name)),
      part_(part.empty() ? "" : "[" + part + "] "),
      is_for_journal_(stderr_is_the_journal()) {}

void Log::line(Level level, std::string_view text) const {
  if (level > least_.load(std::memory_order_relaxed)) return;
  const auto index = static_cast<std::size_t>(level);
  std::string whole;
  if (is_for_journal_) {
    whole = journal_levels[index];
  } else {
    whole.append(name_).append(": ").append(level_words[index]);
  }
  whole.append(part_).append(text).append("\n");
  // One write keeps lines of several threads and processes apart; nobody is left to tell if it fails.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, whole.data(), whole.size());
}

}  // namespace zevi::program

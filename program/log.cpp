#include "log.hpp"

#include <unistd.h>

namespace zevi::program {

void Log::line(std::string_view level, std::string_view text) const {
  std::string whole = name_ + ": ";
  whole.append(level).append(text).append("\n");
  // One write keeps lines of several threads and processes apart; nobody is left to tell if it fails.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, whole.data(), whole.size());
}

}  // namespace zevi::program

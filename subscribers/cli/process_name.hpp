#pragma once

#include <cstdint>
#include <string>

namespace zevi::cli {

/// A process as /proc shows it; empty if it shows none.
struct Process {
  std::string command;      ///< its command line, cut where it is long
  bool is_stopped = false;  ///< by a signal or a debugger
};

[[nodiscard]] Process process_of(std::uint64_t pid);

}  // namespace zevi::cli

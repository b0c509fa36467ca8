#pragma once

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string_view>

namespace zevi::test {

/// Says on standard error what went wrong and ends the child, whose parent then sees that it failed. Catch2
/// belongs to the parent.
inline void child_requires(bool holds, std::string_view what) noexcept {
  if (holds) return;
  constexpr std::string_view begin = "child: this does not hold: ";
  static_cast<void>(!write(STDERR_FILENO, begin.data(), begin.size()));
  static_cast<void>(!write(STDERR_FILENO, what.data(), what.size()));
  static_cast<void>(!write(STDERR_FILENO, "\n", 1));
  _exit(1);
}

/// Forks, and in the child calls `act` and ends without any destructor. A child that hangs is killed. Gives
/// the child's pid.
template <typename Act>
[[nodiscard]] pid_t fork_child(Act act) {
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child > 0) return child;
  alarm(100);
  act();
  _exit(0);
}

/// Waits for a child's end, and tells whether it came without complaint.
[[nodiscard]] inline bool succeeded(pid_t child) {
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace zevi::test

#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

namespace zevi::bridges {

/// A command of the shell in a process group of its own, so that Ctrl-C at a terminal reaches it through the
/// end of its input alone.
class Child {
 public:
  /// Throws `zevi::Error` if it cannot be started. Without `reads_output` its standard output is ours.
  Child(const std::string& command, bool reads_output);
  /// Ends its input, waits for it so long, then ends it.
  void end(std::chrono::nanoseconds patience) noexcept;
  ~Child() { end(std::chrono::nanoseconds(0)); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Neither waits: to write to, and to read from (-1 if its output is ours).
  [[nodiscard]] int input() const noexcept { return input_; }
  [[nodiscard]] int output() const noexcept { return output_; }
  /// How it ended, in words; nothing while it runs.
  [[nodiscard]] std::optional<std::string> ended();

 private:
  [[nodiscard]] bool wait_for_end(std::chrono::nanoseconds at_most) noexcept;

  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  int status_ = 0;
  bool is_running_ = true;
};

}  // namespace zevi::bridges

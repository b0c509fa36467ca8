#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>

#include "commands.hpp"

extern char** environ;

namespace zevi::cli {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{1};
constexpr std::size_t summary_bytes_max = 200;

/// Starts `command --summary` with its standard output in `out_fd` and nothing else to read or write.
pid_t start(const Command& command, int out_fd) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::string path = command.path.string();
  std::string option = "--summary";
  std::array<char*, 3> arguments{path.data(), option.data(), nullptr};
  pid_t pid = -1;
  if (posix_spawn(&pid, path.c_str(), &actions, nullptr, arguments.data(), environ) != 0) pid = -1;
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

std::string read_until_end(int fd, Clock::time_point deadline) {
  std::string out;
  while (out.size() < summary_bytes_max) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd item{fd, POLLIN, 0};
    if (left <= 0 || poll(&item, 1, static_cast<int>(left)) <= 0) return {};
    std::array<char, summary_bytes_max> bytes;
    const ssize_t count = read(fd, bytes.data(), bytes.size());
    if (count <= 0) break;
    out.append(bytes.data(), static_cast<std::size_t>(count));
  }
  return out;
}

}  // namespace

std::string summary_of(const Command& command) {
  std::array<int, 2> pipe_ends{};
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return {};
  const pid_t pid = start(command, pipe_ends[1]);
  close(pipe_ends[1]);
  std::string out;
  if (pid > 0) {
    out = read_until_end(pipe_ends[0], Clock::now() + patience);
    if (out.empty()) kill(pid, SIGKILL);
    int status = 0;
    close(pipe_ends[0]);
    waitpid(pid, &status, 0);
    if (status != 0) out.clear();
  } else {
    close(pipe_ends[0]);
  }
  return out.substr(0, out.find('\n'));
}

}  // namespace zevi::cli

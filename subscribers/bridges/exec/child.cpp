#include "child.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

#include "zevi/error.hpp"

extern char** environ;

namespace zevi::bridges {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds look_interval = 5ms;
constexpr std::chrono::seconds term_takes = 1s;

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  [[nodiscard]] bool open() { return pipe2(ends.data(), O_CLOEXEC) == 0; }
  void close(std::size_t end) {
    if (ends[end] >= 0) ::close(std::exchange(ends[end], -1));
  }
  ~Pipe() {
    close(0);
    close(1);
  }
};

void do_not_wait(int fd) {
  static_cast<void>(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK));
}

/// With the signals as a shell expects them, which are blocked or ignored here.
int start(const std::string& command, int input, int output, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  if (output >= 0) posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t usual;
  sigemptyset(&none);
  sigemptyset(&usual);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM}) sigaddset(&usual, signal);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string shell = "/bin/sh";
  std::string option = "-c";
  std::string text = command;
  std::array<char*, 4> arguments{shell.data(), option.data(), text.data(), nullptr};
  const int error = posix_spawn(&pid, shell.c_str(), &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

Child::Child(const std::string& command, bool reads_output) {
  Pipe to;
  Pipe from;
  if (!to.open() || (reads_output && !from.open()))
    throw Error("cannot make a pipe: out of file descriptors");
  if (const int error = start(command, to.ends[0], from.ends[1], pid_); error != 0) {
    throw Error(std::string("cannot start /bin/sh: ") + std::strerror(error));
  }
  input_ = std::exchange(to.ends[1], -1);
  output_ = std::exchange(from.ends[0], -1);
  do_not_wait(input_);
  if (output_ >= 0) do_not_wait(output_);
}

std::optional<std::string> Child::ended() {
  if (is_running_ && waitpid(pid_, &status_, WNOHANG) == pid_) is_running_ = false;
  if (is_running_) return std::nullopt;
  if (WIFSIGNALED(status_)) return "the command was ended by signal " + std::to_string(WTERMSIG(status_));
  return "the command ended with exit status " + std::to_string(WEXITSTATUS(status_));
}

bool Child::wait_for_end(std::chrono::nanoseconds at_most) noexcept {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  for (;;) {
    if (is_running_ && waitpid(pid_, &status_, WNOHANG) == pid_) is_running_ = false;
    if (!is_running_) return true;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(look_interval);
  }
}

void Child::end(std::chrono::nanoseconds patience) noexcept {
  if (input_ >= 0) ::close(std::exchange(input_, -1));
  if (!wait_for_end(patience)) {
    ::kill(-pid_, SIGTERM);
    if (!wait_for_end(term_takes)) {
      ::kill(-pid_, SIGKILL);
      static_cast<void>(wait_for_end(term_takes));
    }
  }
  if (output_ >= 0) ::close(std::exchange(output_, -1));
}

}  // namespace zevi::bridges

#include "runtime_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "zevi/error.hpp"

namespace zevi::broker {

namespace {

constexpr mode_t lock_mode = 0640;

std::string holder_of(int lock_fd) {
  char text[32] = {};
  const ssize_t size = pread(lock_fd, text, sizeof text - 1, 0);
  const std::string pid(text, size > 0 ? std::strcspn(text, "\n") : 0);
  return pid.empty() ? "another broker" : "a broker (pid " + pid + ")";
}

/// Makes the lock file of a directory, if needed, locks it and returns its descriptor.
int take_lock(const std::string& directory) {
  const std::string lock_path = directory + "/lock";
  const int lock_fd = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, lock_mode);
  if (lock_fd < 0) {
    throw Error("cannot open " + lock_path + ": " + std::strerror(errno) +
                "; check the directory's owner and mode or choose another with --runtime-dir");
  }
  if (flock(lock_fd, LOCK_EX | LOCK_NB) != 0) {
    const std::string holder = holder_of(lock_fd);
    close(lock_fd);
    throw Error("runtime directory " + directory + " is in use: " + holder +
                " is running there; stop it or choose another with --runtime-dir");
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(lock_fd, 0) != 0 || pwrite(lock_fd, pid.data(), pid.size(), 0) < 0) {
    const int reason = errno;
    close(lock_fd);
    throw Error("cannot write " + lock_path + ": " + std::strerror(reason) +
                "; make room on its file system");
  }
  return lock_fd;
}

}  // namespace

RuntimeDirectory::RuntimeDirectory(std::string path, mode_t mode, std::optional<gid_t> group)
    : path_(std::move(path)), mode_(mode), group_(group) {
  make();
  lock_fd_ = take_lock(path_);
}

void RuntimeDirectory::make() const {
  if (mkdir(path_.c_str(), 0700) != 0) {
    const int reason = errno;
    struct stat status {};
    if (reason == EEXIST && stat(path_.c_str(), &status) == 0) {
      if (S_ISDIR(status.st_mode)) return;
      throw Error("runtime directory " + path_ + " is no directory: choose another with --runtime-dir");
    }
    throw Error("cannot make runtime directory " + path_ + ": " + std::strerror(reason) +
                "; make it or choose another with --runtime-dir");
  }
  if (group_ && chown(path_.c_str(), static_cast<uid_t>(-1), *group_) != 0) {
    throw Error("cannot give " + path_ + " to the group: " + std::strerror(errno) +
                "; the broker's user must be a member of it");
  }
  if (chmod(path_.c_str(), mode_) != 0) {
    throw Error("cannot set the mode of " + path_ + ": " + std::strerror(errno));
  }
}

bool RuntimeDirectory::restore() {
  struct stat held {};
  struct stat there {};
  const bool is_there = stat((path_ + "/lock").c_str(), &there) == 0;
  if (is_there && fstat(lock_fd_, &held) == 0 && held.st_dev == there.st_dev && held.st_ino == there.st_ino) {
    return false;
  }
  make();
  const int lock_fd = take_lock(path_);
  close(std::exchange(lock_fd_, lock_fd));
  return true;
}

RuntimeDirectory::~RuntimeDirectory() {
  close(lock_fd_);
}

}  // namespace zevi::broker

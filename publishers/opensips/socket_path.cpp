#include "socket_path.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "address.hpp"
#include "zevi/error.hpp"

namespace zevi::ingest {

namespace {

std::string reason() {
  return std::strerror(errno);
}

}  // namespace

SocketPath::SocketPath(std::string path) : path_(std::move(path)) {
  lock();
  try {
    remove_stale();
  } catch (...) {
    unlink((path_ + ".lock").c_str());
    throw;
  }
}

SocketPath::~SocketPath() {
  remove();
  unlink((path_ + ".lock").c_str());
}

void SocketPath::lock() {
  const std::string lock_path = path_ + ".lock";
  for (;;) {
    lock_ = Descriptor(open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660));
    if (!lock_) {
      throw Error("cannot create " + lock_path + ": " + reason() + "; choose a path in a directory of yours");
    }
    if (flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
      throw Error("cannot listen at unix:" + path_ +
                  ": another zevi-ingest listens there; stop it or choose another path");
    }
    // Its last owner may have removed the file between our open and our lock; then another file has the name.
    struct stat locked {};
    struct stat named {};
    fstat(lock_.get(), &locked);
    if (stat(lock_path.c_str(), &named) == 0 && named.st_ino == locked.st_ino) return;
  }
}

void SocketPath::remove_stale() {
  struct stat found {};
  if (lstat(path_.c_str(), &found) != 0) return;
  if (!S_ISSOCK(found.st_mode)) {
    throw Error("cannot listen at unix:" + path_ +
                ": a file is there that is no socket; choose another path");
  }
  const Descriptor probe(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const SocketAddress address = unix_address(path_);
  if (connect(probe.get(), address.get(), address.size) == 0 || errno != ECONNREFUSED) {
    throw Error("cannot listen at unix:" + path_ +
                ": another program listens there; stop it or choose another path");
  }
  unlink(path_.c_str());
}

void SocketPath::bind(int fd, unsigned mode) {
  const SocketAddress address = unix_address(path_);
  const mode_t umask_before = umask(static_cast<mode_t>(~mode & 0777U));
  const int bound = ::bind(fd, address.get(), address.size);
  const int error = errno;
  umask(umask_before);
  errno = error;
  if (bound != 0) throw Error("cannot listen at unix:" + path_ + ": " + reason());
  bound_ = true;
}

void SocketPath::remove() noexcept {
  if (bound_) unlink(path_.c_str());
  bound_ = false;
}

}  // namespace zevi::ingest

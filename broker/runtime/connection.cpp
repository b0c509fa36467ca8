#include "connection.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace zevi::broker {

namespace {

/// Of the socket that a descriptor names now; 0 if it names none.
ino_t inode_of(int fd) noexcept {
  struct stat status {};
  return fd >= 0 && fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

}  // namespace

Connection::Connection(zmq::message_t& frame) noexcept
    : fd_(zmq_msg_get(frame.handle(), ZMQ_SRCFD)), inode_(inode_of(fd_)) {}

bool Connection::is_open() const noexcept {
  return inode_ != 0 && inode_of(fd_) == inode_;
}

std::uint64_t Connection::unread_bytes() const noexcept {
  int bytes = 0;
  if (!is_open() || ioctl(fd_, SIOCOUTQ, &bytes) != 0 || bytes < 0) return 0;
  return static_cast<std::uint64_t>(bytes);
}

void Connection::shut_down() const noexcept {
  if (is_open()) shutdown(fd_, SHUT_RDWR);
}

}  // namespace zevi::broker

#pragma once

#include <string>

#include "descriptor.hpp"

namespace zevi::ingest {

/// The right to the path of a unix datagram socket, and the file at it.
///
/// A file that a dead process left is taken over; one behind which somebody reads is left alone. Two
/// processes that start at once must not both find the old file stale, so the right is a lock on `PATH.lock`
/// while the process lives. Both files are removed with the object.
class SocketPath {
 public:
  /// Throws `zevi::Error` if the path is in use, or is no socket.
  explicit SocketPath(std::string path);
  ~SocketPath();
  SocketPath(const SocketPath&) = delete;
  SocketPath& operator=(const SocketPath&) = delete;

  /// Binds `fd` there, with the file mode `mode` from its first moment on. Throws `zevi::Error`. Sets the
  /// umask of the process for a moment: only while no other thread runs.
  void bind(int fd, unsigned mode);
  /// Removes the socket's file, so that nobody can send any more; what was sent can still be read.
  void remove() noexcept;

 private:
  void lock();
  void remove_stale();

  std::string path_;
  Descriptor lock_;
  bool bound_ = false;
};

}  // namespace zevi::ingest

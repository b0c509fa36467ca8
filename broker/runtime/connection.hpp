#pragma once

#include <sys/types.h>

#include <cstdint>
#include <zmq.hpp>

namespace zevi::broker {

/// The connection that a frame came through, so that it can be ended: libzmq has no other way to cut off a
/// peer. The number of a descriptor may stand for another socket later, so its inode is kept too.
class Connection {
 public:
  Connection() = default;  ///< none
  /// None if the connection has ended, and for `inproc://`.
  explicit Connection(zmq::message_t& frame) noexcept;

  [[nodiscard]] bool is_open() const noexcept;
  /// What was sent and the peer has not taken from the kernel; 0 if there is no connection.
  [[nodiscard]] std::uint64_t unread_bytes() const noexcept;
  /// libzmq then sees the end of the connection, as if the peer had closed it.
  void shut_down() const noexcept;

 private:
  int fd_ = -1;
  ino_t inode_ = 0;  ///< 0: none
};

}  // namespace zevi::broker

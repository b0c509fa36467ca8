#pragma once

#include <chrono>
#include <string>

namespace zevi::bridges {

/// A TCP connection that never blocks, and what tells when it can go on.
class TcpSocket {
 public:
  using Clock = std::chrono::steady_clock;

  /// Throws `zevi::Error` if it is not connected by then.
  TcpSocket(const std::string& host, const std::string& port, Clock::time_point deadline);
  ~TcpSocket();
  TcpSocket(const TcpSocket&) = delete;
  TcpSocket& operator=(const TcpSocket&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// Readable when there is something to read, or if it was asked for, room to write.
  [[nodiscard]] int ready_fd() const noexcept { return ready_; }
  void ask_for_room(bool is_wanted);
  /// Waits until `ready_fd` is readable. Throws `zevi::Error` at the deadline.
  void wait(Clock::time_point deadline) const;

 private:
  void watch();

  int fd_ = -1;
  int ready_ = -1;
  bool asks_for_room_ = false;
};

}  // namespace zevi::bridges

#pragma once

namespace zevi::bridges {

/// A descriptor that is readable when a socket has something to read, or room if that was asked for.
class SocketWatch {
 public:
  /// Throws `zevi::Error`, as `watch` does.
  SocketWatch();
  ~SocketWatch();
  SocketWatch(const SocketWatch&) = delete;
  SocketWatch& operator=(const SocketWatch&) = delete;

  void watch(int socket);
  void ask_for_room(bool is_wanted);
  [[nodiscard]] int fd() const noexcept { return set_; }

 private:
  const int set_;
  int socket_ = -1;
  bool asks_for_room_ = false;
};

}  // namespace zevi::bridges

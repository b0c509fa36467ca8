#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "bridge.hpp"
#include "tcp_socket.hpp"
#include "tls_session.hpp"

namespace zevi::bridges {

/// A connection to a server, encrypted or not, for protocols whose library is used without its connections:
/// it never blocks, and what there was no room for waits in it.
class ByteStream {
 public:
  /// Returns when it is connected. Throws `zevi::Error` if it is not by then.
  ByteStream(const std::string& host, const std::string& port, const Tls& tls,
             TcpSocket::Clock::time_point deadline);

  /// Readable when `exchange` will do something.
  [[nodiscard]] int fd() const noexcept { return socket_.ready_fd(); }
  /// What is to be sent is added to this.
  [[nodiscard]] std::string& out() noexcept { return out_; }
  [[nodiscard]] std::size_t unsent() const noexcept { return out_.size() - sent_; }

  using Take = std::function<void(std::string_view)>;
  /// Reads and writes what can be without waiting; `take` gets what came. What goes wrong is kept in `loss`,
  /// since what came before is still to be heard.
  void exchange(const Take& take);
  /// Why the connection is lost; empty while it is there.
  [[nodiscard]] const std::string& loss() const noexcept { return loss_; }

  /// Waits until `fd` is readable. Throws `zevi::Error` at the deadline.
  void wait(TcpSocket::Clock::time_point deadline) const { socket_.wait(deadline); }

 private:
  void read(const Take& take);
  void write();
  [[nodiscard]] std::size_t read_some(char* data, std::size_t size);
  [[nodiscard]] std::size_t write_some(const char* data, std::size_t size);

  TcpSocket socket_;
  std::optional<TlsSession> tls_;
  std::string out_;
  std::size_t sent_ = 0;  // of out_
  std::string loss_;
};

}  // namespace zevi::bridges

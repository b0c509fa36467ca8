#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>

#include "bridge.hpp"
#include "tcp_socket.hpp"
#include "tls_context.hpp"

namespace zevi::bridges {

/// TLS over a connection that never blocks. Throws `zevi::Error` with OpenSSL's words.
class TlsSession {
 public:
  /// Returns when the other side has shown a certificate for `host` that is trusted.
  TlsSession(TcpSocket& socket, const Tls& tls, const std::string& host,
             TcpSocket::Clock::time_point deadline);

  /// How many bytes it was; 0 if there is nothing now, or no room.
  [[nodiscard]] std::size_t read(char* data, std::size_t size);
  [[nodiscard]] std::size_t write(const char* data, std::size_t size);

 private:
  struct Deleter {
    void operator()(SSL* session) const noexcept { SSL_free(session); }
  };
  void expect(const std::string& host);
  void shake_hands(TcpSocket::Clock::time_point deadline);
  [[nodiscard]] std::size_t count_of(int result);

  TcpSocket& socket_;
  TlsContext context_;
  std::unique_ptr<SSL, Deleter> session_;
};

}  // namespace zevi::bridges

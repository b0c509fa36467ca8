#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>

namespace zevi::ingest {

enum class Transport { unix_path, fifo, udp, tcp };

/// Where to listen or to ask, as the user writes it: `unix:PATH`, `fifo:PATH`, `udp:HOST:PORT`,
/// `tcp:HOST:PORT`, an IPv6 address in brackets.
struct Address {
  Transport transport;
  std::string path;  ///< of a unix socket or FIFO
  std::string host;
  std::string port;
};

/// Throws `zevi::Error` if `text` is none of the forms above.
[[nodiscard]] Address parse_address(std::string_view text);

/// `address` as the user would write it.
[[nodiscard]] std::string to_string(const Address& address);

/// A socket address of the kernel's.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
};

/// Throws `zevi::Error` if the path does not fit a unix socket's 107 bytes.
[[nodiscard]] SocketAddress unix_address(const std::string& path);
/// The first address that the host and port of a udp or tcp address mean. Throws `zevi::Error`.
[[nodiscard]] SocketAddress resolve(const Address& address);
/// The host and port of an IP socket address, in digits.
[[nodiscard]] Address numeric(Transport transport, const SocketAddress& address);
/// The address that a socket is bound to.
[[nodiscard]] SocketAddress bound_address(int fd);

}  // namespace zevi::ingest

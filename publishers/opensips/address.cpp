#include "address.hpp"

#include <netdb.h>
#include <sys/un.h>

#include <array>
#include <cstring>

#include "zevi/error.hpp"

namespace zevi::ingest {

namespace {

struct Scheme {
  std::string_view prefix;
  Transport transport;
};

constexpr std::array schemes{Scheme{"unix:", Transport::unix_path}, Scheme{"fifo:", Transport::fifo},
                             Scheme{"udp:", Transport::udp}, Scheme{"tcp:", Transport::tcp}};

[[noreturn]] void refuse(std::string_view text) {
  throw Error("'" + std::string(text) +
              "' is no address: write unix:PATH, fifo:PATH, udp:HOST:PORT or tcp:HOST:PORT");
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

Address parse_address(std::string_view text) {
  for (const Scheme& scheme : schemes) {
    if (!text.starts_with(scheme.prefix)) continue;
    const std::string_view rest = text.substr(scheme.prefix.size());
    if (scheme.transport == Transport::unix_path || scheme.transport == Transport::fifo) {
      if (rest.empty()) refuse(text);
      return {scheme.transport, std::string(rest), {}, {}};
    }
    const std::size_t colon = rest.rfind(':');
    if (colon == std::string_view::npos) refuse(text);
    std::string_view host = rest.substr(0, colon);
    const std::string_view port = rest.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.empty() || !is_number(port)) refuse(text);
    return {scheme.transport, {}, std::string(host), std::string(port)};
  }
  refuse(text);
}

std::string to_string(const Address& address) {
  for (const Scheme& scheme : schemes) {
    if (scheme.transport != address.transport) continue;
    const std::string prefix(scheme.prefix);
    if (address.host.empty()) return prefix + address.path;
    const bool brackets = address.host.find(':') != std::string::npos;
    return prefix + (brackets ? "[" + address.host + "]" : address.host) + ":" + address.port;
  }
  return {};
}

SocketAddress unix_address(const std::string& path) {
  SocketAddress address;
  sockaddr_un un{};
  if (path.size() >= sizeof un.sun_path) {
    throw Error("the path " + path + " is longer than the 107 bytes that a unix socket takes");
  }
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, path.data(), path.size());
  std::memcpy(&address.storage, &un, sizeof un);
  address.size = sizeof un;
  return address;
}

SocketAddress resolve(const Address& address) {
  addrinfo hints{};
  hints.ai_socktype = address.transport == Transport::tcp ? SOCK_STREAM : SOCK_DGRAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found);
  if (error != 0) {
    throw Error("cannot find the address of " + to_string(address) + ": " + gai_strerror(error));
  }
  SocketAddress result;
  std::memcpy(&result.storage, found->ai_addr, found->ai_addrlen);
  result.size = found->ai_addrlen;
  freeaddrinfo(found);
  return result;
}

Address numeric(Transport transport, const SocketAddress& address) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  getnameinfo(address.get(), address.size, host.data(), host.size(), port.data(), port.size(),
              NI_NUMERICHOST | NI_NUMERICSERV);
  return {transport, {}, host.data(), port.data()};
}

SocketAddress bound_address(int fd) {
  SocketAddress address;
  address.size = sizeof address.storage;
  getsockname(fd, address.get(), &address.size);
  return address;
}

}  // namespace zevi::ingest

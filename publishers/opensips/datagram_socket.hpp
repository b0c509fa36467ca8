#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "address.hpp"
#include "descriptor.hpp"
#include "socket_path.hpp"

namespace zevi::ingest {

/// A bound socket to which event_datagram sends. Made and removed by the main thread, read by the reading
/// thread.
class DatagramSocket {
 public:
  /// Throws `zevi::Error` if `address` cannot be bound. `mode` is that of a unix socket's file.
  DatagramSocket(const Address& address, unsigned mode);

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  /// As the user would write it, with the port that was taken for port 0.
  [[nodiscard]] const Address& address() const noexcept { return address_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Nobody can find the socket any more; what was sent can still be read.
  void remove_path() noexcept;

  /// The kernel's count of the datagrams that found the socket full (SO_RXQ_OVFL), as it came with a
  /// datagram. It has 32 bits and wraps. Unix sockets have none: there the sender is refused.
  void saw_kernel_drops(std::uint32_t count) noexcept {
    kernel_drops_.fetch_add(count - last_kernel_drops_, std::memory_order_relaxed);
    last_kernel_drops_ = count;
  }
  [[nodiscard]] std::uint64_t kernel_drops() const noexcept {
    return kernel_drops_.load(std::memory_order_relaxed);
  }

 private:
  Address address_;
  std::optional<SocketPath> path_;
  Descriptor fd_;
  std::string name_;
  std::uint32_t last_kernel_drops_ = 0;  ///< reading thread
  std::atomic<std::uint64_t> kernel_drops_{0};
};

}  // namespace zevi::ingest

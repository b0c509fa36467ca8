#pragma once

#include <string>

#include "address.hpp"
#include "descriptor.hpp"

namespace zevi::ingest {

/// A TCP socket to which event_stream connects. Made by the main thread, used by the reading thread.
class StreamListener {
 public:
  /// Throws `zevi::Error` if `address` cannot be bound.
  explicit StreamListener(const Address& address);

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  /// As the user would write it, with the port that was taken for port 0.
  [[nodiscard]] const Address& address() const noexcept { return address_; }

  /// Takes the next connection that waits and names its peer; no descriptor if none waits or the process has
  /// no descriptor left.
  [[nodiscard]] Descriptor accept(std::string& peer) const;

 private:
  Address address_;
  Descriptor fd_;
};

}  // namespace zevi::ingest

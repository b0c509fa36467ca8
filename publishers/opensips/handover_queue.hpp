#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "descriptor.hpp"

namespace zevi::ingest {

class DatagramSocket;
struct StreamConnection;

/// What the reading thread hands over.
struct Delivery {
  enum class Kind : std::uint8_t {
    datagram,            ///< a whole datagram
    oversized_datagram,  ///< its beginning; the rest was cut off
    stream_opened,       ///< a new connection
    stream,              ///< the next bytes of a connection
    stream_closed,       ///< nothing more comes; the connection is the receiver's to free
  };
  Kind kind = Kind::datagram;
  DatagramSocket* socket = nullptr;
  StreamConnection* connection = nullptr;
  std::int64_t time_ns = 0;  ///< when it was read, since 1970
  std::string_view bytes;
};

/// A bounded queue of deliveries from the reading thread to the main thread, in one ring of bytes. Neither
/// side locks, and the reading thread makes a system call only to wake a main thread that sleeps. When it is
/// full, `push` fails.
class HandoverQueue {
 public:
  /// `bytes_min` is rounded up to a power of two.
  explicit HandoverQueue(std::size_t bytes_min);

  // The reading thread.

  /// Copies the delivery. False if it finds no room.
  [[nodiscard]] bool push(const Delivery& delivery) noexcept;
  /// Room for a delivery of so many bytes: the next `push` of it will succeed.
  [[nodiscard]] bool has_room(std::size_t bytes) noexcept;
  /// Makes `fd()` readable if the main thread sleeps.
  void wake() noexcept;

  // The main thread.

  /// The oldest delivery, which stays until `pop`. False if there is none.
  [[nodiscard]] bool front(Delivery& delivery) noexcept;
  void pop() noexcept;
  /// To be called before sleeping on `fd()`; false if there is something to take instead.
  [[nodiscard]] bool prepare_to_sleep() noexcept;
  /// To be called after sleeping.
  void woke() noexcept;
  [[nodiscard]] int fd() const noexcept { return event_.get(); }

 private:
  struct Record;

  [[nodiscard]] std::size_t needed(std::size_t bytes) const noexcept;

  const std::size_t capacity_;
  const std::unique_ptr<std::byte[]> ring_;
  const Descriptor event_;
  std::atomic<bool> sleeping_{false};
  alignas(64) std::atomic<std::uint64_t> written_{0};
  std::uint64_t taken_seen_ = 0;  ///< reading thread: `taken_` as last looked at
  alignas(64) std::atomic<std::uint64_t> taken_{0};
};

}  // namespace zevi::ingest

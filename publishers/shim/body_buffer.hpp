#pragma once

#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <zmq.hpp>

namespace zevi::shim {

/// The body of a batch while events are added to it. It then becomes a ZeroMQ message without being copied.
class BodyBuffer {
 public:
  BodyBuffer() = default;
  ~BodyBuffer() { std::free(begin_); }
  BodyBuffer(const BodyBuffer&) = delete;
  BodyBuffer& operator=(const BodyBuffer&) = delete;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool is_empty() const noexcept { return size_ == 0; }

  /// Adds an entry; in front of the first, room for the array's head. Throws std::bad_alloc and then holds
  /// what it held before.
  void append(std::string_view entry);

  /// Writes the head and gives the body away. The buffer is empty then.
  [[nodiscard]] zmq::message_t take(std::uint32_t count);

 private:
  void make_room(std::size_t bytes);

  std::uint8_t* begin_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::size_t first_capacity_ = 512;  ///< the body will most likely be as large as those before
};

}  // namespace zevi::shim

#include "body_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "zevi/limits.hpp"
#include "zevi/pack.hpp"
#include "zevi/wire/body.hpp"

namespace zevi::shim {

void BodyBuffer::append(std::string_view entry) {
  const std::size_t head = is_empty() ? wire::body_head_bytes : 0;
  make_room(size_ + head + entry.size());
  std::memcpy(begin_ + size_ + head, entry.data(), entry.size());
  size_ += head + entry.size();
}

zmq::message_t BodyBuffer::take(std::uint32_t count) {
  pack::put_array32_head(begin_, count);
  // Whoever is behind the socket may keep the body for long: what was reserved beyond it goes back.
  if (capacity_ > 2 * size_) {
    void* const smaller = std::realloc(begin_, size_);
    if (smaller != nullptr) begin_ = static_cast<std::uint8_t*>(smaller);
  }
  zmq::message_t body(begin_, size_, [](void* data, void*) { std::free(data); });
  first_capacity_ = std::max(size_, first_capacity_ / 2);
  begin_ = nullptr;
  size_ = 0;
  capacity_ = 0;
  return body;
}

void BodyBuffer::make_room(std::size_t bytes) {
  if (bytes <= capacity_) return;
  const std::size_t capacity =
      std::max({bytes, first_capacity_, std::min(2 * capacity_, limits::batch_bytes_max)});
  void* const larger = std::realloc(begin_, capacity);
  if (larger == nullptr) throw std::bad_alloc();
  begin_ = static_cast<std::uint8_t*>(larger);
  capacity_ = capacity;
}

}  // namespace zevi::shim

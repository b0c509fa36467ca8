#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <zmq.hpp>

namespace zevi::broker {

/// What libzmq still holds of the answers to one reader, in bytes. The socket's mark counts messages, and
/// what waits in its queues stays in memory after whoever answered has given it up; so the bytes are counted
/// from the moment a frame is handed to libzmq until libzmq frees it: sent to the reader, or thrown away
/// because the reader left.
///
/// All readers share a budget. A few that never read can use it up, so there is something for each reader
/// besides, which suffices to go on at nearly full speed.
///
/// Belongs to the routing thread; frames are freed in whichever thread libzmq pleases, even after the queue
/// and the socket are gone.
class AnswerQueue {
 public:
  /// For all readers together, and for one of them.
  static constexpr std::size_t all_bytes_max = std::size_t{64} << 20U;
  static constexpr std::size_t bytes_max = std::size_t{4} << 20U;
  /// What each reader has besides.
  static constexpr std::size_t own_bytes = std::size_t{128} << 10U;

  using Count = std::atomic<std::size_t>;

  /// `all` counts the bytes of all readers.
  explicit AnswerQueue(std::shared_ptr<Count> all);

  /// Whether so many bytes may be handed over now. With an empty queue any number may, since an end marker
  /// that names all topics can be larger than what a reader has for itself.
  [[nodiscard]] bool has_room(std::size_t bytes) const noexcept;

  /// A frame with the content of `content`, for libzmq: the last one of a message. `message_bytes` are
  /// counted until it is freed.
  [[nodiscard]] zmq::message_t hold(zmq::message_t& content, std::size_t message_bytes);

  [[nodiscard]] bool is_empty() const noexcept { return bytes_->load(std::memory_order_relaxed) == 0; }

 private:
  std::shared_ptr<Count> all_;
  std::shared_ptr<Count> bytes_;
};

}  // namespace zevi::broker

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "bridge.hpp"

namespace zevi::bridges {

/// What has been read and not been acknowledged, in the order of reading. Nothing leaves before all that was
/// read before it: a place in the topics' numbers can only be confirmed as a whole.
class Window {
 public:
  Window(std::size_t messages_max, std::size_t bytes_max)
      : messages_max_(messages_max), bytes_max_(bytes_max) {}

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] bool is_full() const noexcept {
    return entries_.size() >= messages_max_ || bytes_ >= bytes_max_;
  }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  using Time = std::chrono::system_clock::time_point;

  /// Numbers the message of an event of that time, and takes it in.
  void push(Outgoing&& message, Time time = {});
  /// The number of the last one that was taken in, 0 before the first.
  [[nodiscard]] std::uint64_t last() const noexcept { return first_ + entries_.size() - 1; }
  /// Everything up to this number has been acknowledged or refused.
  [[nodiscard]] std::uint64_t done_to() const noexcept { return first_ - 1; }

  /// Of the first that is not done with; there is one.
  [[nodiscard]] Time oldest() const noexcept { return entries_.front().time; }

  /// The first that was not sent since `send_again`, null if there is none.
  [[nodiscard]] const Outgoing* next_to_send() noexcept;
  [[nodiscard]] bool has_to_send() noexcept { return next_to_send() != nullptr; }
  /// It was. True if it had been sent before.
  bool note_sent() noexcept;
  /// Whether something was sent and not answered.
  [[nodiscard]] bool awaits_answer() const noexcept { return next_ > 0 && !entries_.empty(); }

  /// The message is done with. False if that is no news, or the number none of a message that is here.
  [[nodiscard]] bool settle(std::uint64_t number);
  /// All up to this number are. Gives for how many that is news.
  std::uint64_t settle_to(std::uint64_t number);
  [[nodiscard]] const Outgoing* find(std::uint64_t number) const noexcept;

  /// The connection is another one: everything that has not been acknowledged has to be sent again.
  void send_again() noexcept { next_ = 0; }

 private:
  struct Entry {
    Outgoing message;
    Time time;
    bool is_done = false;
    bool was_sent = false;
  };
  void drop_done();

  const std::size_t messages_max_;
  const std::size_t bytes_max_;
  std::deque<Entry> entries_;
  std::size_t bytes_ = 0;
  std::uint64_t first_ = 1;  // number of the first entry
  std::size_t next_ = 0;     // entry to send next
};

}  // namespace zevi::bridges

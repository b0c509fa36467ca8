#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "frames.hpp"

namespace zevi::subscriber {

/// Live messages that have to wait for what comes before them, and how many bytes they have.
class HeldMessages {
 public:
  explicit HeldMessages(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  [[nodiscard]] bool empty() const noexcept { return messages_.empty(); }
  [[nodiscard]] bool is_full() const noexcept { return bytes_ >= bytes_max_; }
  [[nodiscard]] const Frames& front() const noexcept { return messages_.front(); }
  [[nodiscard]] auto begin() const noexcept { return messages_.begin(); }
  [[nodiscard]] auto end() const noexcept { return messages_.end(); }

  void push_back(Frames&& frames) {
    bytes_ += bytes_of(frames);
    messages_.push_back(std::move(frames));
  }
  /// Gives back what `pop_front` gave.
  void push_front(Frames&& frames, bool is_from_before) {
    bytes_ += bytes_of(frames);
    messages_.push_front(std::move(frames));
    if (is_from_before) ++from_before_;
  }
  [[nodiscard]] Frames pop_front() noexcept {
    Frames frames = std::move(messages_.front());
    messages_.pop_front();
    bytes_ -= bytes_of(frames);
    if (from_before_ > 0) --from_before_;
    return frames;
  }

  /// All that is here now came before what comes next.
  void draw_line() noexcept { from_before_ = messages_.size(); }
  [[nodiscard]] bool is_front_from_before() const noexcept { return from_before_ > 0; }

 private:
  static std::size_t bytes_of(const Frames& frames) noexcept {
    return sizeof(Frames) + frames[0].size() + frames[1].size() + frames[2].size();
  }

  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::size_t from_before_ = 0;
  std::deque<Frames> messages_;
};

}  // namespace zevi::subscriber

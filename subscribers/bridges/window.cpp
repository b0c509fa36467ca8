#include "window.hpp"

#include <utility>

namespace zevi::bridges {

void Window::push(Outgoing&& message, Time time) {
  message.number = last() + 1;
  bytes_ += message.bytes();
  entries_.push_back({std::move(message), time});
}

const Outgoing* Window::next_to_send() noexcept {
  while (next_ < entries_.size() && entries_[next_].is_done) ++next_;
  return next_ < entries_.size() ? &entries_[next_].message : nullptr;
}

bool Window::note_sent() noexcept {
  return std::exchange(entries_[next_++].was_sent, true);
}

const Outgoing* Window::find(std::uint64_t number) const noexcept {
  if (number < first_ || number > last()) return nullptr;
  return &entries_[static_cast<std::size_t>(number - first_)].message;
}

bool Window::settle(std::uint64_t number) {
  if (number < first_ || number > last()) return false;
  const bool was_done = std::exchange(entries_[static_cast<std::size_t>(number - first_)].is_done, true);
  drop_done();
  return !was_done;
}

std::uint64_t Window::settle_to(std::uint64_t number) {
  std::uint64_t news = 0;
  while (!entries_.empty() && first_ <= number) {
    news += entries_.front().is_done ? 0 : 1;
    entries_.front().is_done = true;
    drop_done();
  }
  return news;
}

void Window::drop_done() {
  while (!entries_.empty() && entries_.front().is_done) {
    bytes_ -= entries_.front().message.bytes();
    entries_.pop_front();
    ++first_;
    if (next_ > 0) --next_;
  }
}

}  // namespace zevi::bridges

#include "place_question.hpp"

#include <utility>

namespace zevi::bridges {

void PlaceQuestion::ask() noexcept {
  const std::lock_guard lock(mutex_);
  answer_.reset();
  is_asked_.store(true, std::memory_order_release);
  asked_.raise();
}

std::optional<Progress> PlaceQuestion::wait_until(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return answer_ || !is_answering_; });
  return std::exchange(answer_, std::nullopt);
}

void PlaceQuestion::begin_answering() {
  const std::lock_guard lock(mutex_);
  is_answering_ = true;
}

void PlaceQuestion::end_answering() noexcept {
  const std::lock_guard lock(mutex_);
  is_answering_ = false;
  changed_.notify_all();
}

void PlaceQuestion::answer(Progress progress) {
  const std::lock_guard lock(mutex_);
  is_asked_.store(false, std::memory_order_release);
  static_cast<void>(asked_.take());
  answer_ = std::move(progress);
  changed_.notify_all();
}

}  // namespace zevi::bridges

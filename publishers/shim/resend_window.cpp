#include "resend_window.hpp"

#include <algorithm>
#include <utility>

namespace zevi::shim {

AckLevels::AckLevels(const std::vector<wire::PrefixLevel>& levels) {
  for (const wire::PrefixLevel& entry : levels) longest_first_.emplace_back(entry.prefix, entry.level);
  std::stable_sort(longest_first_.begin(), longest_first_.end(), [](const auto& left, const auto& right) {
    return left.first.size() > right.first.size();
  });
}

wire::AckLevel AckLevels::of(std::string_view topic) const noexcept {
  for (const auto& [prefix, level] : longest_first_) {
    if (topic.starts_with(prefix)) return level;
  }
  return wire::AckLevel::memory;
}

void ResendWindow::push(Batch batch) {
  const std::size_t charge = batch.charge();
  batches_.push_back(std::move(batch));
  bytes_ += charge;
}

Batch ResendWindow::pop() {
  Batch oldest = std::move(batches_.front());
  batches_.pop_front();
  ++first_;
  bytes_ -= oldest.charge();
  return oldest;
}

}  // namespace zevi::shim

#include "interest.hpp"

#include <algorithm>

namespace zevi::shim {

Interest::Interest(const wire::Interest& message)
    : generation_(message.g), subscribed_(message.w.begin(), message.w.end()) {
  for (const wire::PrefixKept& entry : message.h) kept_.emplace_back(entry.prefix, entry.kept);
  // The longest first, so that the first that matches decides.
  std::stable_sort(kept_.begin(), kept_.end(), [](const auto& left, const auto& right) {
    return left.first.size() > right.first.size();
  });
}

bool Interest::wants(std::string_view topic) const noexcept {
  if (generation_ == 0) return true;
  const auto begins = [topic](std::string_view prefix) { return topic.starts_with(prefix); };
  if (std::any_of(subscribed_.begin(), subscribed_.end(), begins)) return true;
  const auto entry =
      std::find_if(kept_.begin(), kept_.end(), [&](const auto& kept) { return begins(kept.first); });
  return entry != kept_.end() && entry->second;
}

}  // namespace zevi::shim

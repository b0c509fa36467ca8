#include "topic_registry.hpp"

#include <algorithm>

namespace zevi::broker {

std::vector<const Topic*> TopicRegistry::matching(std::vector<std::string_view> filters) const {
  // In this order a prefix stands in front of all that it covers (`*` sorts below every byte of a topic), so
  // that no topic is looked at twice, however many filters name it.
  std::sort(filters.begin(), filters.end());
  std::vector<const Topic*> found;
  bool have_prefix = false;
  std::string_view prefix;
  for (std::string_view filter : filters) {
    if (have_prefix && filter.starts_with(prefix)) continue;
    const bool is_prefix = filter.ends_with('*');
    if (is_prefix) {
      filter.remove_suffix(1);
      have_prefix = true;
      prefix = filter;
    }
    for (auto at = in_order_.lower_bound(filter); at != in_order_.end(); ++at) {
      if (is_prefix ? !at->first.starts_with(filter) : at->first != filter) break;
      if (found.empty() || found.back() != at->second) found.push_back(at->second);
    }
  }
  return found;
}

}  // namespace zevi::broker

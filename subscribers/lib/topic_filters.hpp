#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "zevi/topic.hpp"

namespace zevi::subscriber {

/// What the caller asked for. ZeroMQ matches prefixes, so that an exact topic also brings longer ones.
class TopicFilters {
 public:
  /// Throws `zevi::Error` if there is none or one is no topic.
  explicit TopicFilters(const std::vector<std::string>& topics);

  [[nodiscard]] bool match(std::string_view topic) const noexcept {
    return std::any_of(filters_.begin(), filters_.end(),
                       [topic](const TopicFilter& filter) { return filter.matches(topic); });
  }
  /// Whether topics that begin with `prefix` can be among them.
  [[nodiscard]] bool may_match_within(std::string_view prefix) const noexcept {
    return std::any_of(filters_.begin(), filters_.end(), [prefix](const TopicFilter& filter) {
      return filter.prefix().starts_with(prefix) ||
             (!filter.is_exact() && prefix.starts_with(filter.prefix()));
    });
  }
  /// As they were asked for.
  [[nodiscard]] std::vector<std::string> texts() const;
  [[nodiscard]] auto begin() const noexcept { return filters_.begin(); }
  [[nodiscard]] auto end() const noexcept { return filters_.end(); }

 private:
  std::vector<TopicFilter> filters_;
};

}  // namespace zevi::subscriber

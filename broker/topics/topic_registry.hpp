#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "history/retention.hpp"
#include "runtime/string_map.hpp"
#include "topic.hpp"

namespace zevi::broker {

/// The topics of this epoch. A topic, once numbered, stays: its next sequence number must not be forgotten.
class TopicRegistry {
 public:
  static constexpr std::size_t topics_max = 65'536;

  explicit TopicRegistry(std::vector<MaxAge> max_ages = {}) : max_ages_(std::move(max_ages)) {}

  /// The topic of that name, made if new; null if there are `topics_max` others.
  [[nodiscard]] Topic* find_or_add(std::string_view name) {
    if (const auto found = topics_.find(name); found != topics_.end()) return found->second.get();
    if (topics_.size() >= topics_max) return nullptr;
    auto topic = std::make_unique<Topic>(std::string(name));
    topic->max_age = max_age_of(name);
    topic->lane = lane_of(name);
    in_order_.emplace(topic->name, topic.get());
    by_age_.push_back(topic.get());
    return topics_.emplace(topic->name, std::move(topic)).first->second.get();
  }

  /// Topics that begin with the first of these are in lane 1, and so on. Before there is any.
  void set_lanes(std::vector<std::string> prefixes) { lanes_ = std::move(prefixes); }

  /// From now on these hold, also for the topics that are there.
  void set_max_ages(std::vector<MaxAge> max_ages) {
    max_ages_ = std::move(max_ages);
    for (const auto& [name, topic] : topics_) topic->max_age = max_age_of(name);
  }

  /// The topic of that name; null if there is none.
  [[nodiscard]] Topic* find(std::string_view name) const {
    const auto found = topics_.find(name);
    return found == topics_.end() ? nullptr : found->second.get();
  }

  [[nodiscard]] const std::map<std::string_view, const Topic*>& in_order() const noexcept {
    return in_order_;
  }

  /// In the order in which they came.
  [[nodiscard]] const std::vector<const Topic*>& by_age() const noexcept { return by_age_; }

  /// The topics that match any of `filters`, each a topic or a prefix with `*` behind it, in the order of
  /// their names.
  [[nodiscard]] std::vector<const Topic*> matching(std::vector<std::string_view> filters) const;

  [[nodiscard]] std::size_t size() const noexcept { return topics_.size(); }

 private:
  [[nodiscard]] std::chrono::nanoseconds max_age_of(std::string_view name) const {
    const MaxAge* const limit = longest_prefix(max_ages_, name);
    return limit == nullptr ? std::chrono::nanoseconds(0) : limit->age;
  }

  [[nodiscard]] std::size_t lane_of(std::string_view name) const {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      if (name.starts_with(lanes_[i])) return i + 1;
    }
    return 0;
  }

  std::vector<MaxAge> max_ages_;
  std::vector<std::string> lanes_;
  StringMap<std::unique_ptr<Topic>> topics_;
  std::map<std::string_view, const Topic*> in_order_;
  std::vector<const Topic*> by_age_;
};

}  // namespace zevi::broker

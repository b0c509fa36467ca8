#pragma once

#include <memory>
#include <string_view>

#include "runtime/string_map.hpp"
#include "topic.hpp"

namespace zevi::broker {

/// The topics of this epoch. A topic, once numbered, stays: its next sequence number must not be forgotten.
class TopicRegistry {
 public:
  static constexpr std::size_t topics_max = 65'536;

  /// The topic of that name, made if new; null if there are `topics_max` others.
  [[nodiscard]] Topic* find_or_add(std::string_view name) {
    if (const auto found = topics_.find(name); found != topics_.end()) return found->second.get();
    if (topics_.size() >= topics_max) return nullptr;
    auto topic = std::make_unique<Topic>(std::string(name));
    return topics_.emplace(topic->name, std::move(topic)).first->second.get();
  }

  [[nodiscard]] std::size_t size() const noexcept { return topics_.size(); }

 private:
  StringMap<std::unique_ptr<Topic>> topics_;
};

}  // namespace zevi::broker

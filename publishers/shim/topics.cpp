#include "topics.hpp"

#include <utility>

#include "counters_file.hpp"
#include "publisher.hpp"

namespace zevi::shim {

Topic* Topics::open(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto known = by_name_.find(name);
  if (known != by_name_.end()) return known->second;
  if (count_ == topics_.size()) return nullptr;
  auto topic = std::make_unique<Topic>(publisher_, name, static_cast<std::uint16_t>(count_),
                                       interest_.wants(name), publisher_.options().wait_when_full);
  by_name_.emplace(topic->name, topic.get());
  topics_[count_] = std::move(topic);
  if (counters_file_ != nullptr) counters_file_->add_topic(name);
  return topics_[count_++].get();
}

void Topics::apply(Interest interest) {
  const std::lock_guard lock(mutex_);
  interest_ = std::move(interest);
  set_wanted();
}

void Topics::tell(CountersFile* counters_file) noexcept {
  const std::lock_guard lock(mutex_);
  counters_file_ = counters_file;
  if (counters_file == nullptr) return;
  for (std::size_t i = 0; i < count_; ++i) counters_file->add_topic(topics_[i]->name);
}

void Topics::become_child() noexcept {
  interest_ = Interest();
  counters_file_ = nullptr;
  set_wanted();
}

void Topics::set_wanted() noexcept {
  for (std::size_t i = 0; i < count_; ++i) {
    topics_[i]->set_wanted(interest_.wants(topics_[i]->name));
  }
}

}  // namespace zevi::shim

#include "topic_filters.hpp"

#include "zevi/error.hpp"

namespace zevi::subscriber {

TopicFilters::TopicFilters(const std::vector<std::string>& topics) {
  if (topics.empty()) throw Error("a subscriber needs a topic: name one, or '*' for everything");
  for (const std::string& topic : topics) filters_.emplace_back(topic);
}

std::vector<std::string> TopicFilters::texts() const {
  std::vector<std::string> texts;
  for (const TopicFilter& filter : filters_) {
    texts.push_back(filter.is_exact() ? filter.prefix() : filter.prefix() + '*');
  }
  return texts;
}

}  // namespace zevi::subscriber

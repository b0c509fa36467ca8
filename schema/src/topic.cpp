#include "zevi/topic.hpp"

#include "zevi/error.hpp"

namespace zevi {

TopicFilter::TopicFilter(std::string_view text) : prefix_(text), exact_(!text.ends_with('*')) {
  if (!exact_) prefix_.pop_back();
  const bool valid = exact_ ? is_topic(prefix_) : is_topic_prefix(prefix_);
  if (!valid) {
    throw Error("'" + std::string(text) +
                "' is no topic: use 1 to 128 of A-Z a-z 0-9 _ . - and, for a prefix, one * at the end");
  }
}

}  // namespace zevi

#include "zevi/topic.hpp"

#include "zevi/error.hpp"

namespace zevi {

TopicFilter::TopicFilter(std::string_view text) : prefix_(text), exact_(!text.ends_with('*')) {
  if (!is_topic_filter(text)) {
    throw Error("'" + std::string(text) +
                "' is no topic: use 1 to 128 of A-Z a-z 0-9 _ . - and, for a prefix, one * at the end");
  }
  if (!exact_) prefix_.pop_back();
}

}  // namespace zevi

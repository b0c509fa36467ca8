#include "barrier.hpp"

#include <algorithm>
#include <iterator>

#include "zevi/random_id.hpp"
#include "zevi/topic.hpp"

namespace zevi::subscriber {

std::string Barrier::ask() {
  questions_.push_back(std::string(ready_topic_prefix) + std::to_string(random_id()));
  return questions_.back();
}

bool Barrier::answer(std::string_view topic, const wire::Ready& ready) {
  if (std::find(questions_.begin(), questions_.end(), topic) == questions_.end()) return false;
  unconfirmed_ = ready.unconfirmed;
  return true;
}

std::vector<std::string> Barrier::take_old_questions() {
  if (questions_.size() < 2) return {};
  std::vector<std::string> old(std::make_move_iterator(questions_.begin()),
                               std::make_move_iterator(questions_.end() - 1));
  questions_.erase(questions_.begin(), questions_.end() - 1);
  return old;
}

}  // namespace zevi::subscriber

#include <algorithm>

#include "delivery.hpp"

namespace zevi::subscriber {

/// What the books say, less what is in them and has not been given yet.
Position Delivery::position(Upto upto) const {
  Position position;
  position.epoch = ledger_.epoch();
  position.has_changed = ledger_.epoch_has_changed();
  position.knows_all = ledger_.knows_all_topics();
  for (std::string& topic : filters_.texts()) position.topics.insert(std::move(topic));
  position.next = ledger_.positions();
  ledger_.visit([&](const std::string& name, const TopicLedger& topic) {
    if (position.next.count(name) != 0 && topic.lost_before()) {
      position.lost_before[name] = *topic.lost_before();
    }
    if (topic.was_read_from_first()) position.whole.insert(name);
    topic.visit_publishers([&](std::uint64_t id, const TopicLedger::Publisher& publisher) {
      if (publisher.p == 0) return;
      position.publishers[name][id] = publisher.p;
      if (publisher.epoch != position.epoch) position.before[name].insert(id);
    });
  });
  if (is_open_) withdraw_open_message(position, upto);
  withdraw_marks(position, upto);
  return position;
}

void Delivery::withdraw_open_message(Position& position, Upto upto) const {
  withdraw_open_run(position, upto);
  if (is_late_) return;
  const bool takes_last_back = upto == Upto::before_last && given_ == Given::event;
  const auto next = position.next.find(std::string(topic_name_));
  if (next == position.next.end()) return;
  next->second = std::min(next->second, std::max(first_new_q_, takes_last_back ? q_ - 1 : q_));
}

void Delivery::withdraw_open_run(Position& position, Upto upto) const {
  if (run_ == 0 || !is_run_entered_) return;
  const std::string topic(topic_name_);
  const wire::Run& run = arrival_.header().r[run_ - 1];
  const bool takes_last_back = upto == Upto::before_last && given_ == Given::event;
  const std::uint32_t taken = run.count - left_in_run_ - (takes_last_back ? 1 : 0);
  const bool is_mark_left =
      taken == 0 && (next_mark_ < marks_.size() || (upto == Upto::before_last && given_ == Given::mark));
  const std::uint64_t p = is_mark_left ? p_before_run_ : std::max(p_before_run_, run.p + taken - 1);
  Position::Numbers& numbers = position.publishers[topic];
  if (p == 0) {
    numbers.erase(run.id);
  } else {
    numbers[run.id] = p;
    if (is_mark_left) position.before[topic].insert(run.id);
  }
}

void Delivery::withdraw_marks(Position& position, Upto upto) const {
  const bool takes_last_back = upto == Upto::before_last && given_ == Given::mark;
  for (std::size_t i = takes_last_back ? next_mark_ - 1 : next_mark_; i < marks_.size(); ++i) {
    if (const Gap* const gap = marks_[i].gap()) {
      const auto next = position.next.find(std::string(gap->topic));
      if (next != position.next.end()) next->second = std::min(next->second, gap->q_from);
    } else if (const LostBefore* const lost = marks_[i].lost_before()) {
      const auto count = position.lost_before.find(std::string(lost->topic));
      if (count != position.lost_before.end()) count->second -= std::min(count->second, lost->count);
    }
  }
}

void Delivery::restore(const Position& position) {
  if (position.epoch == 0) return;
  ledger_.enter_epoch(position.epoch);
  if (position.has_changed) ledger_.note_epoch_change();
  for (const auto& [topic, q] : position.next) ledger_.topic(topic).begin(position.epoch, q);
  for (const auto& [topic, count] : position.lost_before) ledger_.topic(topic).know_lost_before(count);
  for (const auto& [topic, numbers] : position.publishers) {
    const auto before = position.before.find(topic);
    TopicLedger& ledger = ledger_.topic(topic);
    if (ledger.next_q() == 0) ledger.begin(position.epoch, 1);
    for (const auto& [id, p] : numbers) {
      const bool is_unseen = before != position.before.end() && before->second.count(id) != 0;
      ledger.know(id, {.p = p, .epoch = is_unseen ? 0 : position.epoch, .gaps = 0});
    }
  }
  for (const std::string& topic : position.whole) ledger_.topic(topic).know_read_from_first();
  const std::vector<std::string> asked = filters_.texts();
  const bool is_for_the_same = position.topics == std::set<std::string>(asked.begin(), asked.end());
  ledger_.knows_all_topics(position.knows_all && is_for_the_same);
}

}  // namespace zevi::subscriber

#include "history.hpp"

#include <algorithm>
#include <utility>

#include "retention.hpp"
#include "sequencing/oldest_event.hpp"

namespace zevi::broker {

namespace {

constexpr std::chrono::milliseconds expiry_interval{100};

constexpr std::size_t spare_records_max = 64;

/// What a frame costs beside its bytes: libzmq's reference counter and the allocator's head. Up to 33 bytes
/// stand in the message itself; nobody is hurt by counting those as well.
constexpr std::uint64_t frame_overhead_bytes = 64;

}  // namespace

History::History(const std::vector<HistoryLimit>& limits, Counters& counters)
    : counters_(counters), budgets_(limits.begin(), limits.end()) {}

std::uint64_t History::cost_bytes(std::size_t header_bytes, std::size_t body_bytes) noexcept {
  return sizeof(Record) + sizeof(std::unique_ptr<Record>) + header_bytes + body_bytes +
         2 * frame_overhead_bytes;
}

History::TopicRecords* History::records_for(const Topic& topic) {
  if (const auto found = topics_.find(&topic); found != topics_.end()) return &found->second;
  const Budget* const budget = longest_prefix(budgets_, topic.name);
  if (budget == nullptr || !budget->limit.kept) return nullptr;
  TopicRecords& added = topics_[&topic];
  added.topic = &topic;
  added.budget = &budgets_[static_cast<std::size_t>(budget - budgets_.data())];
  charge(*added.budget, topic_cost_bytes, 0);
  if (topic.max_age.count() > 0) ++topics_with_max_age_;
  return &added;
}

void History::set_limits(const std::vector<HistoryLimit>& limits) {
  std::vector<Budget> budgets(limits.begin(), limits.end());
  std::vector<Record*> in_order;
  for (const Budget& budget : budgets_) {
    for (Record* record = budget.oldest; record != nullptr; record = record->newer)
      in_order.push_back(record);
  }
  std::stable_sort(in_order.begin(), in_order.end(),
                   [](const Record* a, const Record* b) { return a->message.at < b->message.at; });
  counters_.set(Counter::history_bytes, 0);
  counters_.set(Counter::history_events, 0);
  topics_with_max_age_ = 0;
  budgets_ = std::move(budgets);
  for (auto at = topics_.begin(); at != topics_.end();) {
    const Budget* const budget = longest_prefix(budgets_, at->second.topic->name);
    if (budget != nullptr && budget->limit.kept) {
      adopt(at->second, budgets_[static_cast<std::size_t>(budget - budgets_.data())]);
      ++at;
      continue;
    }
    counters_.add(Counter::history_evicted, at->second.events);
    std::erase_if(in_order, [&](const Record* record) { return record->topic == &at->second; });
    at = topics_.erase(at);
  }
  for (Record* const record : in_order) record->topic->budget->append(*record);
  for (Budget& budget : budgets_) trim(budget);
  next_expiry_ = {};
}

void History::adopt(TopicRecords& topic, Budget& budget) {
  topic.budget = &budget;
  charge(budget, topic_cost_bytes + topic.bytes, topic.events);
  if (topic.topic->max_age.count() == 0) return;
  ++topics_with_max_age_;
  for (const std::unique_ptr<Record>& record : topic.records) {
    record->oldest_ns = oldest_event_ns(record->message.body.to_string_view(), record->message.at);
  }
}

void History::take(SequencedMessage& message) {
  TopicRecords* const topic = records_for(message.topic);
  if (topic == nullptr) return;
  Budget& budget = *topic->budget;
  Record& record = *topic->records.emplace_back(new_record());
  record.topic = topic;
  budget.append(record);
  StoredMessage& stored = record.message;
  stored.q = message.header.q;
  stored.n = message.header.n;
  stored.at = message.header.at;
  stored.header.copy(message.header_frame());
  const std::size_t body_bytes = message.body.size();
  if (message.is_own_body || body_bytes >= SequencedMessage::shared_buffer_bytes) {
    stored.body.copy(message.body);
  } else {
    stored.body.rebuild(message.body.data(), body_bytes);
  }
  record.oldest_ns = message.topic.max_age.count() > 0
                         ? oldest_event_ns(message.body.to_string_view(), message.header.at)
                         : 0;
  record.bytes = cost_bytes(stored.header.size(), body_bytes);
  topic->bytes += record.bytes;
  topic->events += stored.n;
  charge(budget, record.bytes, stored.n);
  trim(budget);
}

std::unique_ptr<History::Record> History::new_record() {
  if (spare_records_.empty()) return std::make_unique<Record>();
  std::unique_ptr<Record> record = std::move(spare_records_.back());
  spare_records_.pop_back();
  return record;
}

void History::trim(Budget& budget) {
  while (budget.oldest != nullptr) {
    const std::uint64_t events_max = budget.limit.events_max;
    // So many events are always held, and a part of one message more.
    const bool has_many = events_max > 0 && budget.events - budget.oldest->message.n >= events_max;
    if (!has_many && budget.bytes <= budget.limit.bytes_max) return;
    drop_oldest(*budget.oldest->topic, Counter::history_evicted);
  }
}

void History::drop_oldest(TopicRecords& topic, Counter reason) {
  Budget& budget = *topic.budget;
  std::unique_ptr<Record> oldest = std::move(topic.records.front());
  topic.records.pop_front();
  counters_.add(reason, oldest->message.n);
  topic.bytes -= oldest->bytes;
  topic.events -= oldest->message.n;
  give_back(budget, oldest->bytes, oldest->message.n);
  budget.remove(*oldest);
  if (spare_records_.size() < spare_records_max) {
    oldest->message.header.rebuild();
    oldest->message.body.rebuild();
    spare_records_.push_back(std::move(oldest));
  }
  if (!topic.records.empty()) return;
  give_back(budget, topic_cost_bytes, 0);
  if (topic.topic->max_age.count() > 0) --topics_with_max_age_;
  topics_.erase(topic.topic);
}

void History::Budget::append(Record& record) noexcept {
  record.older = newest;
  record.newer = nullptr;
  (newest == nullptr ? oldest : newest->newer) = &record;
  newest = &record;
}

void History::Budget::remove(const Record& record) noexcept {
  (record.older == nullptr ? oldest : record.older->newer) = record.newer;
  (record.newer == nullptr ? newest : record.newer->older) = record.older;
}

bool History::give_up(std::uint64_t bytes) {
  const auto held = [this] { return counters_.get(Counter::history_bytes); };
  const std::uint64_t before = held();
  while (before - held() < bytes) {
    const Record* oldest = nullptr;
    for (const Budget& budget : budgets_) {
      if (budget.oldest == nullptr) continue;
      if (oldest == nullptr || budget.oldest->message.at < oldest->message.at) oldest = budget.oldest;
    }
    if (oldest == nullptr) break;
    drop_oldest(*oldest->topic, Counter::history_evicted);
  }
  return held() < before;
}

void History::expire(const Now& now) {
  if (now.steady < next_expiry_) return;
  next_expiry_ = now.steady + expiry_interval;
  for (Budget& budget : budgets_) expire_budget(budget, now.realtime_ns);
  if (topics_with_max_age_ > 0) expire_topics(now.realtime_ns);
}

void History::expire_budget(Budget& budget, std::uint64_t now_ns) {
  const std::chrono::nanoseconds age_max = budget.limit.age_max;
  if (age_max.count() == 0) return;
  while (budget.oldest != nullptr) {
    if (!has_expired(static_cast<std::int64_t>(budget.oldest->message.at), age_max, now_ns)) return;
    drop_oldest(*budget.oldest->topic, Counter::history_evicted);
  }
}

void History::expire_topics(std::uint64_t now_ns) {
  for (auto at = topics_.begin(); at != topics_.end();) {
    TopicRecords& topic = at->second;
    ++at;  // the topic goes with its last message
    if (topic.topic->max_age.count() == 0) continue;
    for (std::size_t left = topic.records.size(); left > 0; --left) {
      if (!has_expired(topic.records.front()->oldest_ns, topic.topic->max_age, now_ns)) break;
      drop_oldest(topic, Counter::history_expired);
    }
  }
}

Found History::find(const Topic& topic, std::uint64_t q, std::uint64_t now_ns) {
  const auto found = topics_.find(&topic);
  if (found == topics_.end()) return nullptr;
  std::deque<std::unique_ptr<Record>>& records = found->second.records;
  auto at = std::partition_point(records.begin(), records.end(),
                                 [q](const auto& record) { return record->message.end_q() <= q; });
  while (at != records.end() && has_expired((*at)->oldest_ns, topic.max_age, now_ns)) ++at;
  return at == records.end() ? nullptr : &(*at)->message;
}

Found History::find_since(const Topic& topic, std::uint64_t at_ns, std::uint64_t now_ns) {
  const auto found = topics_.find(&topic);
  if (found == topics_.end()) return nullptr;
  const std::deque<std::unique_ptr<Record>>& records = found->second.records;
  const auto at = std::partition_point(records.begin(), records.end(),
                                       [at_ns](const auto& record) { return record->message.at < at_ns; });
  return at == records.end() ? nullptr : find(topic, (*at)->message.q, now_ns);
}

History::Held History::held(const Topic& topic) const {
  const auto found = topics_.find(&topic);
  if (found == topics_.end()) return {};
  const TopicRecords& records = found->second;
  return {records.records.front()->message.q, records.events, records.bytes};
}

std::vector<History::Usage> History::usage() const {
  std::vector<Usage> all;
  all.reserve(budgets_.size());
  for (const Budget& budget : budgets_) all.push_back({budget.limit, budget.bytes, budget.events});
  return all;
}

void History::charge(Budget& budget, std::uint64_t bytes, std::uint64_t events) {
  budget.bytes += bytes;
  budget.events += events;
  counters_.add(Counter::history_bytes, bytes);
  counters_.add(Counter::history_events, events);
}

void History::give_back(Budget& budget, std::uint64_t bytes, std::uint64_t events) {
  budget.bytes -= bytes;
  budget.events -= events;
  counters_.subtract(Counter::history_bytes, bytes);
  counters_.subtract(Counter::history_events, events);
}

}  // namespace zevi::broker

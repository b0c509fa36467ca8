#include "store_index.hpp"

#include <algorithm>

#include "history/retention.hpp"

namespace zevi::broker {

namespace {

/// How many segments a limit is made of.
constexpr std::uint64_t segments_per_limit = 32;

}  // namespace

StoreIndex::StoreIndex(const BrokerOptions& options)
    : bytes_max_(options.store_bytes_max), acks_(options.acks) {
  for (const HistoryLimit& limit : options.history) limits_.push_back({limit.prefix, limit, 0, 0, {}, false});
}

StoreIndex::TopicEntry& StoreIndex::entry(const Topic& topic) {
  if (const auto found = topics_.find(&topic); found != topics_.end()) return *found->second;
  return restore(topic, next_topic_);
}

const StoreIndex::TopicEntry* StoreIndex::find(const Topic& topic) const {
  const auto found = topics_.find(&topic);
  return found == topics_.end() ? nullptr : found->second.get();
}

StoreIndex::TopicEntry& StoreIndex::restore(const Topic& topic, std::uint32_t number) {
  auto added = std::make_unique<TopicEntry>();
  added->topic = &topic;
  added->number = number;
  added->next_q = topic.unsent_q;
  added->lost_before = topic.lost_before;
  next_topic_ = std::max(next_topic_, number + 1);
  const Limit* const limit = longest_prefix(limits_, topic.name);
  if (limit != nullptr && limit->limit.kept) {
    added->limit = &limits_[static_cast<std::size_t>(limit - limits_.data())];
  }
  const AckRule* const rule = longest_prefix(acks_, topic.name);
  if (rule != nullptr) added->level = rule->level;
  return *topics_.insert_or_assign(&topic, std::move(added)).first->second;
}

bool StoreIndex::restore(TopicEntry& entry, const RangeRow& row) {
  begin_segments_at(row.segment + 1);
  if (entry.limit == nullptr) return false;
  Limit& limit = *entry.limit;
  Segment& segment = limit.segments[row.segment];
  segment.first_at = segment.topics.empty() ? row.first_at : std::min(segment.first_at, row.first_at);
  segment.last_at = std::max(segment.last_at, row.last_at);
  segment.bytes += row.bytes;
  segment.events += row.events;
  segment.topics.push_back(&entry);
  limit.bytes += row.bytes;
  limit.events += row.events;
  const auto at = std::partition_point(entry.ranges.begin(), entry.ranges.end(),
                                       [&](const Range& range) { return range.row.first_q < row.first_q; });
  entry.ranges.insert(at, {row, 0, false});
  return true;
}

StoreIndex::Range& StoreIndex::add(TopicEntry& entry, std::uint64_t q, std::uint32_t n, std::uint64_t at,
                                   std::uint64_t bytes) {
  Limit& limit = *entry.limit;
  Segment& segment = segment_for(limit, at);
  const std::uint64_t number = limit.segments.rbegin()->first;
  if (entry.ranges.empty() || entry.ranges.back().row.segment != number) {
    entry.ranges.push_back({{number, entry.number, q, q, at, at, 0, 0}, 0, false});
    segment.topics.push_back(&entry);
  }
  RangeRow& row = entry.ranges.back().row;
  row.end_q = q + n;
  row.last_at = at;
  row.events += n;
  row.bytes += bytes;
  segment.last_at = at;
  segment.events += n;
  segment.bytes += bytes;
  limit.events += n;
  limit.bytes += bytes;
  return entry.ranges.back();
}

StoreIndex::Segment& StoreIndex::segment_for(Limit& limit, std::uint64_t at) {
  if (limit.is_last_open && !is_full(limit, limit.segments.rbegin()->second, at)) {
    return limit.segments.rbegin()->second;
  }
  limit.is_last_open = true;
  Segment& added = limit.segments[next_segment_++];
  added.first_at = at;
  return added;
}

bool StoreIndex::is_full(const Limit& limit, const Segment& segment, std::uint64_t at) const noexcept {
  const std::uint64_t events_max = limit.limit.events_max;
  const auto age_max = static_cast<std::uint64_t>(limit.limit.age_max.count());
  return segment.bytes >= bytes_max_ / segments_per_limit ||
         (events_max > 0 && segment.events >= events_max / segments_per_limit) ||
         (age_max > 0 && at - segment.first_at >= age_max / segments_per_limit);
}

bool StoreIndex::is_beyond(const Limit& limit, std::uint64_t now_ns) const noexcept {
  if (limit.segments.empty()) return false;
  const Segment& first = limit.segments.begin()->second;
  const auto age_max = static_cast<std::uint64_t>(limit.limit.age_max.count());
  if (age_max > 0 && now_ns > age_max && first.last_at < now_ns - age_max) return true;
  if (limit.segments.size() < 2) return false;
  const std::uint64_t events_max = limit.limit.events_max;
  return limit.bytes > bytes_max_ || (events_max > 0 && limit.events - first.events >= events_max);
}

void StoreIndex::forget(TopicEntry& entry, std::uint64_t segment) {
  std::erase_if(entry.ranges, [segment](const Range& range) { return range.row.segment == segment; });
}

std::pair<std::uint64_t, std::uint64_t> StoreIndex::gap_around(std::uint64_t number) const noexcept {
  std::pair<std::uint64_t, std::uint64_t> gap{1, next_segment_};
  for (const Limit& limit : limits_) {
    const auto next = limit.segments.lower_bound(number);
    if (next != limit.segments.end()) gap.second = std::min(gap.second, next->first);
    if (next != limit.segments.begin()) gap.first = std::max(gap.first, std::prev(next)->first + 1);
  }
  return gap;
}

StoreIndex::Held StoreIndex::held(const Topic& topic) const {
  Held held;
  const TopicEntry* const entry = find(topic);
  if (entry == nullptr || entry->ranges.empty()) return held;
  held.first_q = entry->ranges.front().row.first_q;
  for (const Range& range : entry->ranges) {
    held.events += range.row.events;
    held.bytes += range.row.bytes;
  }
  return held;
}

std::uint64_t StoreIndex::bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const Limit& limit : limits_) sum += limit.bytes;
  return sum;
}

std::uint64_t StoreIndex::events() const noexcept {
  std::uint64_t sum = 0;
  for (const Limit& limit : limits_) sum += limit.events;
  return sum;
}

}  // namespace zevi::broker

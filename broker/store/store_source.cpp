#include "store_source.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "sequencing/oldest_event.hpp"

namespace zevi::broker {

namespace {

/// A topic's first block is small, since many topics may be looked at for their first message alone.
constexpr std::uint64_t first_block_bytes = std::uint64_t{64} << 10U;
constexpr std::uint64_t block_bytes_max = std::uint64_t{1} << 20U;
constexpr std::uint64_t block_growth = 4;
/// A block that nobody has looked at for so long was for a reader who has left, or is done with it.
constexpr std::uint64_t patience_ns = 5'000'000'000;
constexpr std::uint64_t sweep_interval_ns = 1'000'000'000;

std::chrono::nanoseconds age_max(const StoreIndex::TopicEntry& entry) {
  return entry.limit->limit.age_max;
}

bool is_too_old(const StoreIndex::TopicEntry& entry, std::uint64_t at, std::int64_t oldest_ns,
                std::uint64_t now_ns) {
  return has_expired(static_cast<std::int64_t>(at), age_max(entry), now_ns) ||
         has_expired(oldest_ns, entry.topic->max_age, now_ns);
}

}  // namespace

Found StoreSource::find(const Topic& topic, std::uint64_t q, std::uint64_t now_ns) {
  const Found in_memory = history_.find(topic, q, now_ns);
  const StoredMessage* const newer = in_memory.message();
  if (newer != nullptr && newer->q <= q) return in_memory;
  const Entry* const entry = store_.index().find(topic);
  if (entry == nullptr || entry->limit == nullptr) return in_memory;
  const std::uint64_t end = newer == nullptr ? std::numeric_limits<std::uint64_t>::max() : newer->q;
  auto range = std::partition_point(entry->ranges.begin(), entry->ranges.end(),
                                    [q](const Range& other) { return other.row.end_q <= q; });
  for (; range != entry->ranges.end() && range->row.first_q < end; ++range) {
    const auto last_at = static_cast<std::int64_t>(range->row.last_at);
    if (is_too_old(*entry, range->row.last_at, last_at, now_ns)) continue;
    std::uint64_t at = std::max(q, range->row.first_q);
    while (at < range->row.end_q && at < end) {
      Block* const block = block_at(*entry, *range, at, now_ns);
      if (block == nullptr) return Found::coming();
      look_at(*block, now_ns);
      StoredMessage* const message = message_in(*block, *entry, at, now_ns);
      if (message != nullptr && message->q >= end) return in_memory;
      if (message != nullptr) {
        read_ahead(*entry, block->fetched.end_q, end, now_ns);
        return message;
      }
      at = block->fetched.end_q;
    }
  }
  return in_memory;
}

Found StoreSource::find_since(const Topic& topic, std::uint64_t at, std::uint64_t now_ns) {
  const Found in_memory = history_.find_since(topic, at, now_ns);
  const StoredMessage* const newer = in_memory.message();
  if (newer != nullptr && newer->q > 1) {
    const StoredMessage* const before = history_.find(topic, newer->q - 1, now_ns).message();
    if (before != nullptr && before->q < newer->q) return in_memory;
  }
  const Entry* const entry = store_.index().find(topic);
  if (entry == nullptr || entry->limit == nullptr) return in_memory;
  for (const Range& range : entry->ranges) {
    if (range.row.last_at < at) continue;
    if (newer != nullptr && range.row.first_q >= newer->q) break;
    if (range.row.first_at >= at) return find(topic, range.row.first_q, now_ns);
    Block* const block = block_since(*entry, range, at, now_ns);
    if (block == nullptr) return Found::coming();
    look_at(*block, now_ns);
    if (!block->fetched.messages.empty()) return find(topic, block->fetched.messages[0].message.q, now_ns);
  }
  return in_memory;
}

StoreSource::Block* StoreSource::block_at(const Entry& entry, const Range& range, std::uint64_t q,
                                          std::uint64_t now_ns) {
  std::uint64_t bytes = first_block_bytes;
  for (const auto& block : blocks_[entry.topic]) {
    const FetchOrder& order = block->fetched.order;
    if (order.since) continue;
    if (block->is_here && block->fetched.end_q == q) {
      bytes = std::min(block_growth * order.bytes_max, block_bytes_max);
    }
    if (order.segment != range.row.segment) continue;
    if (block->is_here && order.q <= q && q < block->fetched.end_q) return block.get();
    if (!block->is_here && order.q == q) return nullptr;
  }
  FetchOrder wanted;
  wanted.topic = entry.topic;
  wanted.q = q;
  wanted.bytes_max = bytes;
  order(range, std::move(wanted), now_ns);
  return nullptr;
}

StoreSource::Block* StoreSource::block_since(const Entry& entry, const Range& range, std::uint64_t at,
                                             std::uint64_t now_ns) {
  for (const auto& block : blocks_[entry.topic]) {
    const FetchOrder& order = block->fetched.order;
    if (order.segment == range.row.segment && order.since == at)
      return block->is_here ? block.get() : nullptr;
  }
  FetchOrder wanted;
  wanted.topic = entry.topic;
  wanted.q = range.row.first_q;
  wanted.since = at;
  wanted.bytes_max = 1;
  order(range, std::move(wanted), now_ns);
  return nullptr;
}

void StoreSource::order(const Range& range, FetchOrder&& order, std::uint64_t now_ns) {
  // Whoever waits asks again, when others have taken what they waited for.
  if (expected_bytes_ > bytes_max) return make_room(now_ns);
  order.segment = range.row.segment;
  order.topic_number = range.row.topic;
  order.end_q = range.row.end_q;
  order.needs_oldest = order.topic->max_age.count() > 0;
  order.after_parcel = range.last_parcel;
  expected_bytes_ += order.bytes_max;
  auto block = std::make_unique<Block>();
  block->last_use_ns = now_ns;
  block->fetched.order = order;
  blocks_[order.topic].push_back(std::move(block));
  store_.fetcher().order(std::move(order));
}

void StoreSource::look_at(Block& block, std::uint64_t now_ns) {
  block.last_use_ns = now_ns;
  if (!std::exchange(block.is_looked_at, true)) expected_bytes_ -= block.fetched.order.bytes_max;
}

StoredMessage* StoreSource::message_in(Block& block, const Entry& entry, std::uint64_t q,
                                       std::uint64_t now_ns) {
  auto& messages = block.fetched.messages;
  auto at = std::partition_point(messages.begin(), messages.end(),
                                 [q](const FetchedMessage& fetched) { return fetched.message.end_q() <= q; });
  while (at != messages.end() && is_too_old(entry, at->message.at, at->oldest_ns, now_ns)) ++at;
  return at == messages.end() ? nullptr : &at->message;
}

void StoreSource::read_ahead(const Entry& entry, std::uint64_t q, std::uint64_t end_q, std::uint64_t now_ns) {
  // Half is left for those who wait.
  if (q >= end_q || expected_bytes_ > bytes_max / 2) return;
  const auto range = std::partition_point(entry.ranges.begin(), entry.ranges.end(),
                                          [q](const Range& other) { return other.row.end_q <= q; });
  if (range == entry.ranges.end() || range->row.first_q >= end_q) return;
  static_cast<void>(block_at(entry, *range, std::max(q, range->row.first_q), now_ns));
}

bool StoreSource::take_fetched(std::uint64_t now_ns) {
  std::vector<Fetched> fetched;
  store_.fetcher().take(fetched);
  for (Fetched& one : fetched) {
    for (const auto& block : blocks_[one.order.topic]) {
      const FetchOrder& order = block->fetched.order;
      const bool is_this = !block->is_here && order.segment == one.order.segment && order.q == one.order.q &&
                           order.since == one.order.since;
      if (!is_this) continue;
      if (!one.fault.empty()) faults_.push_back(one.fault);
      bytes_ += one.bytes;
      block->fetched = std::move(one);
      block->is_here = true;
      block->last_use_ns = now_ns;
      break;
    }
  }
  if (bytes_ > bytes_max || (bytes_ > 0 && now_ns >= next_sweep_ns_)) make_room(now_ns);
  return !fetched.empty();
}

void StoreSource::make_room(std::uint64_t now_ns) {
  next_sweep_ns_ = now_ns + sweep_interval_ns;
  for (auto& [topic, blocks] : blocks_) {
    for (std::size_t i = blocks.size(); i > 0; --i) {
      const Block& block = *blocks[i - 1];
      if (block.is_here && block.last_use_ns + patience_ns < now_ns) forget(blocks, i - 1);
    }
  }
  while (bytes_ > bytes_max) {
    Blocks* of_topic = nullptr;
    std::size_t oldest = 0;
    for (auto& [topic, blocks] : blocks_) {
      for (std::size_t i = 0; i < blocks.size(); ++i) {
        if (!blocks[i]->is_here || !blocks[i]->is_looked_at) continue;
        if (of_topic != nullptr && (*of_topic)[oldest]->last_use_ns <= blocks[i]->last_use_ns) continue;
        of_topic = &blocks;
        oldest = i;
      }
    }
    if (of_topic == nullptr) return;
    forget(*of_topic, oldest);
  }
}

void StoreSource::forget(Blocks& blocks, std::size_t index) {
  const Block& block = *blocks[index];
  bytes_ -= block.fetched.bytes;
  if (!block.is_looked_at) expected_bytes_ -= block.fetched.order.bytes_max;
  blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(index));
}

}  // namespace zevi::broker

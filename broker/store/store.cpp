#include "store.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "zevi/error.hpp"
#include "zevi/random_id.hpp"

namespace zevi::broker {

namespace {

/// What may wait for the disk of messages that may be left out.
constexpr std::uint64_t waiting_bytes_max = std::uint64_t{64} << 20U;

}  // namespace

Store::Store(const BrokerOptions& options, Counters& counters, std::function<void()> wake)
    : log_(options.log),
      counters_(counters),
      directory_(options.store),
      index_(options),
      database_(open_database({directory_.database_path(), directory_.is_new(),
                               options.store_bytes_max * std::max<std::size_t>(options.history.size(), 1)})),
      before_(read_state(*database_, directory_.path())) {
  if (before_.is_new() && !directory_.is_new()) {
    throw Error("store " + directory_.path() + " is damaged (it is empty); zevid --repair-store " +
                directory_.path() + " makes it usable again");
  }
  health_.directory = directory_.path();
  was_closed_ = directory_.is_closed(before_.epoch, database_->changes_count());
  epoch_ = was_closed_ ? before_.epoch : random_id();
  writer_ = std::make_unique<StoreWriter>(*database_, wake);
  const auto parcels_done = [this] {
    // What a disk that fails has not taken is not waited for.
    return writer_->is_failing() ? std::numeric_limits<std::uint64_t>::max() : writer_->parcels_done();
  };
  fetcher_ = std::make_unique<StoreFetcher>(*database_, parcels_done, wake);
}

Store::~Store() {
  fetcher_.reset();
  writer_.reset();
}

void Store::begin(TopicRegistry& topics, PublisherRegistry& publishers, const Now& now) {
  directory_.mark_open();
  if (!was_closed_) begin_epoch();
  directory_.created();
  restore(topics, publishers, now);
}

void Store::begin_epoch() {
  Changes changes;
  if (!before_.is_new()) {
    before_.ended.push_back(ended_row());
    changes.rows.push_back(encode(before_.ended.back()));
    if (before_.ended.size() > EndedEpochs::count_max) {
      const std::string oldest = encode(before_.ended.front()).first;
      changes.removed_rows.push_back({oldest, oldest + '\0'});
      before_.ended.erase(before_.ended.begin());
    }
  }
  changes.rows.push_back(encode(EpochRow{epoch_}));
  const Database::Fault fault = database_->write({&changes}, true);
  if (!fault.empty()) throw Error("cannot write store " + directory_.path() + ": " + fault);
}

EndedRow Store::ended_row() const {
  EndedRow ended;
  ended.order = before_.ended.empty() ? 1 : before_.ended.back().order + 1;
  ended.epoch = before_.epoch;
  for (const TopicRow& topic : before_.topics) ended.last_q.emplace_back(topic.number, topic.next_q - 1);
  return ended;
}

void Store::restore(TopicRegistry& topics, PublisherRegistry& publishers, const Now& now) {
  std::unordered_map<std::uint32_t, StoreIndex::TopicEntry*> entries;
  for (const TopicRow& row : before_.topics) {
    Topic* const topic = topics.find_or_add(row.name);
    if (topic == nullptr) continue;
    topic->next_q = topic->unsent_q = row.next_q;
    // Those of another epoch were counted there.
    if (was_closed_) topic->lost_before = row.lost_before;
    entries[row.number] = &index_.restore(*topic, row.number);
  }
  for (const RangeRow& row : before_.ranges) {
    const auto entry = entries.find(row.topic);
    if (entry != entries.end() && index_.restore(*entry->second, row)) continue;
    index_.begin_segments_at(row.segment + 1);
  }
  for (const EndedRow& row : before_.ended) {
    ended_.add(row.epoch);
    for (const auto& [number, last_q] : row.last_q) {
      const auto entry = entries.find(number);
      if (entry != entries.end()) ended_.add(row.epoch, *entry->second->topic, last_q);
    }
  }
  for (const PublisherRow& row : before_.publishers) {
    auto name = std::make_shared<PublisherName>();
    *name = {row.id, row.src, row.pid, row.host};
    publishers.restore(std::move(name), row.s, !was_closed_, now.steady);
  }
  for (const PublisherTopicRow& row : before_.publisher_topics) {
    Publisher* const publisher = publishers.by_id(row.id);
    const auto entry = entries.find(row.topic);
    if (publisher == nullptr || entry == entries.end()) continue;
    // What is not kept was written when the store was closed for the last time.
    if (!was_closed_ && entry->second->limit == nullptr) continue;
    PublisherTopic& numbers = publisher->topics[entry->second->topic];
    numbers.next_p = row.next_p;
    numbers.stored_p = row.stored_p;
    numbers.dropped = row.dropped;
  }
  before_ = {};
  counters_.add(Counter::store_events, index_.events());
  counters_.add(Counter::store_bytes, index_.bytes());
}

void Store::take(SequencedMessage& message) {
  StoreIndex::TopicEntry& entry = index_.entry(message.topic);
  if (entry.limit == nullptr) return;
  const wire::StreamHeader& header = message.header;
  touch(entry);
  entry.next_q = header.q + header.n;
  entry.lost_before = header.l;
  for (const wire::Run& run : header.r) {
    next_p_[{run.id, &entry}] = run.p + run.count;
    if (entry.level == AckLevel::synced) wait_for_sync_.insert(run.id);
  }
  const bool may_be_left_out = entry.level == AckLevel::memory;
  if (may_be_left_out &&
      (writer_->is_failing() || writer_->waiting_bytes() + parcel_.bytes > waiting_bytes_max)) {
    counters_.add(Counter::store_left_out, header.n);
    return;
  }
  MessageToStore& stored = parcel_.changes.messages.emplace_back();
  stored.topic = entry.number;
  stored.q = header.q;
  stored.n = header.n;
  stored.at = header.at;
  stored.topic_name = message.topic.name;
  stored.header.copy(message.header_frame());
  stored.body.copy(message.kept_body());
  stored.may_be_left_out = may_be_left_out;
  const std::uint64_t bytes = stored.bytes();
  StoreIndex::Range& range = index_.add(entry, header.q, header.n, header.at, bytes);
  stored.segment = range.row.segment;
  range.last_parcel = parcels_given_ + 1;
  range.is_changed = true;
  parcel_.bytes += bytes;
  counters_.add(Counter::store_events, header.n);
  counters_.add(Counter::store_bytes, bytes);
}

void Store::touch(StoreIndex::TopicEntry& entry) {
  if (std::exchange(entry.is_touched, true)) return;
  touched_.push_back(&entry);
}

void Store::hand_over(const Sequencer& sequencer, const std::vector<Publisher*>& taken,
                      const PublisherRegistry& publishers, const Now& now) {
  if (!taken.empty()) {
    PendingMarks& added = pending_.emplace_back();
    added.pieces = sequencer.pieces_accepted();
    for (const Publisher* const publisher : taken) {
      added.publishers.emplace_back(publisher->name, publisher->last_s);
    }
  }
  const std::uint64_t sent = sequencer.pieces_sent();
  for (; !pending_.empty() && pending_.front().pieces <= sent; pending_.pop_front()) {
    add_marks(pending_.front());
  }
  trim(now);
  add_rows(publishers);
  give();
}

void Store::add_marks(const PendingMarks& pending) {
  for (const auto& [name, s] : pending.publishers) {
    parcel_.marks.push_back({name->id, s});
    parcel_.changes.rows.push_back(encode(PublisherRow{name->id, s, name->pid, name->src, name->host}));
    if (wait_for_sync_.erase(name->id) > 0) parcel_.must_be_synced = true;
  }
}

void Store::add_rows(const PublisherRegistry& publishers) {
  for (StoreIndex::TopicEntry* const entry : touched_) {
    entry->is_touched = false;
    parcel_.changes.rows.push_back(
        encode(TopicRow{entry->number, entry->topic->name, entry->next_q, entry->lost_before}));
    add_range_rows(*entry);
  }
  touched_.clear();
  for (const auto& [key, next_p] : next_p_) {
    std::uint64_t dropped = 0;
    if (const Publisher* const publisher = publishers.by_id(key.publisher); publisher != nullptr) {
      const auto numbers = publisher->topics.find(key.topic->topic);
      if (numbers != publisher->topics.end()) dropped = numbers->second.dropped;
    }
    parcel_.changes.rows.push_back(
        encode(PublisherTopicRow{key.publisher, key.topic->number, next_p, next_p, dropped}));
  }
  next_p_.clear();
}

void Store::add_range_rows(StoreIndex::TopicEntry& entry) {
  for (auto range = entry.ranges.rbegin(); range != entry.ranges.rend() && range->is_changed; ++range) {
    range->is_changed = false;
    parcel_.changes.rows.push_back(encode(range->row));
  }
}

void Store::trim(const Now& now) {
  index_.trim(now.realtime_ns, [this](std::uint64_t number, const StoreIndex::Segment& segment) {
    const auto [gap_begin, gap_end] = index_.gap_around(number);
    parcel_.changes.removed_segments.push_back({number, gap_begin, gap_end});
    counters_.subtract(Counter::store_events, segment.events);
    counters_.subtract(Counter::store_bytes, segment.bytes);
    counters_.add(Counter::store_evicted, segment.events);
  });
}

void Store::give() {
  if (parcel_.changes.empty() && parcel_.marks.empty()) return;
  ++parcels_given_;
  writer_->give(std::exchange(parcel_, {}));
}

void Store::forget(std::uint64_t publisher_id) {
  const std::string key = key_of_publisher(publisher_id);
  parcel_.changes.removed_rows.push_back({key, key + '\0'});
  parcel_.changes.removed_rows.push_back(topics_of_publisher(publisher_id));
}

void Store::take_progress(StoreProgress& progress) {
  writer_->take_progress(progress);
  counters_.add(Counter::store_written, progress.written_events);
  counters_.add(Counter::store_left_out, progress.left_out_events);
  counters_.add(Counter::store_failures, progress.failures);
  take_health(progress);
  for (const std::string& warning : progress.warnings) {
    if (log_) log_(LogLevel::error, "store " + directory_.path() + ": " + warning);
  }
}

void Store::take_health(const StoreProgress& progress) {
  const std::uint64_t left_out = counters_.get(Counter::store_left_out);
  const bool was_degraded = health_.is_degraded;
  if (progress.fault) {
    health_.is_degraded = !progress.fault->empty();
    if (health_.is_degraded) health_.reason = *progress.fault;
  }
  if (health_.is_degraded || was_degraded) health_.left_out = left_out - left_out_before_;
  if (!health_.is_degraded) left_out_before_ = left_out;
}

void Store::close(const TopicRegistry& topics, const PublisherRegistry& publishers) {
  for (const Topic* const topic : topics.matching({"*"})) {
    const std::uint32_t number = index_.entry(*topic).number;
    parcel_.changes.rows.push_back(
        encode(TopicRow{number, topic->name, topic->unsent_q, topic->lost_before}));
  }
  publishers.for_each([this](const Publisher& publisher) {
    const PublisherName& name = *publisher.name;
    parcel_.changes.rows.push_back(
        encode(PublisherRow{name.id, publisher.last_s, name.pid, name.src, name.host}));
    for (const auto& [topic, numbers] : publisher.topics) {
      const std::uint64_t stored_p = std::max(numbers.next_p, numbers.stored_p);
      parcel_.changes.rows.push_back(encode(PublisherTopicRow{name.id, index_.entry(*topic).number,
                                                              numbers.next_p, stored_p, numbers.dropped}));
    }
  });
  give();
  fetcher_.reset();
  const bool is_all_written = writer_->stop();
  StoreProgress progress;
  take_progress(progress);
  const std::uint64_t changes_count = database_->changes_count();
  const Database::Fault fault = database_->close();
  if (!fault.empty() && log_) {
    log_(LogLevel::error, "store " + directory_.path() + " cannot be closed: " + fault);
  }
  if (is_all_written && fault.empty()) directory_.mark_closed(epoch_, changes_count);
}

}  // namespace zevi::broker

#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rows.hpp"
#include "topics/topic.hpp"
#include "zevi/broker.hpp"

namespace zevi::broker {

/// What the store holds, as the routing thread knows it; what is on its way to the disk counts as held.
///
/// The messages of each prefix limit fill one segment after another. A topic's messages in a segment are a
/// range of numbers, with holes where some could not be written. Old segments leave as a whole, so that a
/// limit is kept to the 32nd part of it, and that leaving costs next to nothing.
class StoreIndex {
 public:
  struct Limit;

  struct Range {
    RangeRow row;
    std::uint64_t last_parcel = 0;  ///< that added to it
    bool is_changed = false;
  };

  struct TopicEntry {
    const Topic* topic = nullptr;
    std::uint32_t number = 0;
    Limit* limit = nullptr;  ///< null: nothing of it is stored
    AckLevel level = AckLevel::memory;
    std::deque<Range> ranges;  ///< in order
    bool is_touched = false;
    std::uint64_t next_q = 1;       ///< behind what was sent
    std::uint64_t lost_before = 0;  ///< as the last message had it
  };

  struct Segment {
    std::uint64_t bytes = 0;
    std::uint64_t events = 0;
    std::uint64_t first_at = 0;
    std::uint64_t last_at = 0;
    std::vector<TopicEntry*> topics;
  };

  /// A limit of the options and what it counts.
  struct Limit {
    std::string prefix;
    HistoryLimit limit;
    std::uint64_t bytes = 0;
    std::uint64_t events = 0;
    std::map<std::uint64_t, Segment> segments;
    bool is_last_open = false;  ///< the last segment takes more
  };

  explicit StoreIndex(const BrokerOptions& options);
  StoreIndex(const StoreIndex&) = delete;
  StoreIndex& operator=(const StoreIndex&) = delete;

  /// The entry of a topic, made if new.
  [[nodiscard]] TopicEntry& entry(const Topic& topic);
  /// Null if there is none.
  [[nodiscard]] const TopicEntry* find(const Topic& topic) const;
  /// As an earlier broker numbered it.
  TopicEntry& restore(const Topic& topic, std::uint32_t number);
  /// What an earlier broker stored. False if nothing of the topic is kept any more.
  bool restore(TopicEntry& entry, const RangeRow& row);
  /// No segment from before has a number from here on.
  void begin_segments_at(std::uint64_t number) noexcept { next_segment_ = std::max(next_segment_, number); }

  /// Finds the range for a message that is not stored yet and counts it. The entry has a limit.
  [[nodiscard]] Range& add(TopicEntry& entry, std::uint64_t q, std::uint32_t n, std::uint64_t at,
                           std::uint64_t bytes);

  /// Takes out the segments that are beyond the limits or too old at `now_ns`: calls `removed(number,
  /// segment)` for each.
  template <typename Removed>
  void trim(std::uint64_t now_ns, Removed removed) {
    for (Limit& limit : limits_) {
      while (is_beyond(limit, now_ns)) remove_first(limit, removed);
    }
  }

  /// No segment from the first to below the second is held; `number` lies between.
  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> gap_around(std::uint64_t number) const noexcept;

  /// Of a topic.
  struct Held {
    std::uint64_t first_q = 0;  ///< 0: nothing is held
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] Held held(const Topic& topic) const;
  [[nodiscard]] std::uint64_t bytes() const noexcept;
  [[nodiscard]] std::uint64_t events() const noexcept;

 private:
  [[nodiscard]] bool is_beyond(const Limit& limit, std::uint64_t now_ns) const noexcept;
  [[nodiscard]] bool is_full(const Limit& limit, const Segment& segment, std::uint64_t at) const noexcept;
  [[nodiscard]] Segment& segment_for(Limit& limit, std::uint64_t at);
  void forget(TopicEntry& entry, std::uint64_t segment);

  template <typename Removed>
  void remove_first(Limit& limit, Removed removed) {
    const auto first = limit.segments.begin();
    const std::uint64_t number = first->first;
    const Segment segment = std::move(first->second);
    limit.segments.erase(first);
    if (limit.segments.empty()) limit.is_last_open = false;
    limit.bytes -= segment.bytes;
    limit.events -= segment.events;
    for (TopicEntry* const entry : segment.topics) forget(*entry, number);
    removed(number, segment);
  }

  std::uint64_t bytes_max_;
  std::vector<AckRule> acks_;
  std::vector<Limit> limits_;
  std::unordered_map<const Topic*, std::unique_ptr<TopicEntry>> topics_;
  std::uint32_t next_topic_ = 1;
  std::uint64_t next_segment_ = 1;
};

}  // namespace zevi::broker

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "arrival.hpp"
#include "frames.hpp"
#include "ledger.hpp"
#include "topic_filters.hpp"
#include "zevi/subscriber.hpp"

namespace zevi::subscriber {

/// Turns what arrives into what the caller reads: marks first, then the events that are wanted and new. No
/// sockets: a message goes in whole, and comes out event by event.
class Delivery {
 public:
  Delivery(Feed feed, TopicFilters filters) : feed_(feed), filters_(std::move(filters)) {}

  /// Takes a message of events. What `next` has given before becomes invalid.
  void accept(Frames&& frames, Clock::time_point now);
  /// Takes word of the broker's epoch from a barrier.
  void accept_epoch(std::uint64_t epoch);
  void count_malformed() noexcept {
    ++statistics_.messages;
    ++statistics_.malformed;
  }

  /// The next event or mark of what was accepted, null behind the last.
  [[nodiscard]] const Message* next();

  [[nodiscard]] const SubscriberStatistics& statistics() const noexcept { return statistics_; }

 private:
  void begin_marks();
  void add_marks(const Finding& finding);
  void enter_run(Event& event);
  [[nodiscard]] const Message* next_event();

  const Feed feed_;
  const TopicFilters filters_;
  Ledger ledger_;
  SubscriberStatistics statistics_;

  // What is being read out.
  std::vector<Message> marks_;
  std::size_t next_mark_ = 0;
  Arrival arrival_;
  bool is_open_ = false;
  TopicLedger* topic_ = nullptr;
  Clock::time_point now_{};
  std::uint64_t q_ = 0;
  std::uint32_t known_left_ = 0;  // entries that had arrived before under the same q
  std::size_t run_ = 0;
  std::uint32_t left_in_run_ = 0;
  std::uint32_t repeats_left_ = 0;  // entries of the run that had arrived before under another q
  Message current_;                 // an event, filled in anew for each
};

}  // namespace zevi::subscriber

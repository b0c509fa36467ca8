#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arrival.hpp"
#include "frames.hpp"
#include "ledger.hpp"
#include "position.hpp"
#include "topic_filters.hpp"
#include "zevi/subscriber.hpp"
#include "zevi/wire/replay_messages.hpp"

namespace zevi::subscriber {

/// Turns what arrives into what the caller reads: marks first, then the events that are wanted and new. No
/// sockets: a message goes in whole, and comes out event by event; the next one must not go in before all of
/// it came out.
class Delivery {
 public:
  Delivery(Feed feed, TopicFilters filters) : feed_(feed), filters_(std::move(filters)) {}

  /// `report` is called for every gap that is told to the caller.
  void report_gaps_to(std::function<void(const Gap&)> report) { on_gap_ = std::move(report); }

  // Reading without a history: each message says where it stands.

  /// Takes a message of events. What `next` has given before becomes invalid.
  void accept(Frames&& frames, Clock::time_point now);
  /// Takes word of the broker's epoch from a barrier.
  void accept_epoch(std::uint64_t epoch);
  void note_silent_routes(std::size_t count) noexcept { statistics_.silent_routes = count; }
  void count_malformed() noexcept {
    ++statistics_.messages;
    ++statistics_.malformed;
  }

  // Reading with a history: the epoch is moved on by `change_epoch` alone.

  enum class Taken : std::uint8_t {
    yes,             ///< or it was malformed, or not wanted
    behind_gap,      ///< `missing()` tells what has to come first
    of_other_epoch,  ///< than the one that is read
  };
  /// Takes a live message. Unless it is taken, the frames are given back.
  [[nodiscard]] Taken take_live(Frames& frames, Clock::time_point now, bool may_repair);
  /// Takes a message out of the history.
  void take_stored(Frames&& frames, Clock::time_point now);
  /// Takes a message of an epoch that was left already. Its numbers say nothing now, but those of its
  /// publishers do.
  void take_late(Frames&& frames, Clock::time_point now);
  /// What is missing before the message that was not taken.
  struct Hole {
    std::string topic;
    Missing missing;
  };
  [[nodiscard]] const Hole& hole() const noexcept { return hole_; }

  /// The numbers of an epoch: of each topic the last one.
  using Ended = std::map<std::string, std::uint64_t, std::less<>>;
  /// The broker numbers in another epoch. If it has kept what came before and numbers on behind it, `ended`
  /// is where; else every topic begins anew.
  void change_epoch(std::uint64_t epoch, const Ended* ended);
  /// All that the broker has before these numbers has been here.
  void catch_up_to(std::uint64_t epoch, const std::vector<wire::TopicCount>& next);
  void tell_history_missing(std::string reason);

  [[nodiscard]] Ledger& ledger() noexcept { return ledger_; }
  [[nodiscard]] const TopicFilters& filters() const noexcept { return filters_; }

  // What comes out

  /// The next event or mark of what was accepted, null behind the last.
  [[nodiscard]] const Message* next();
  [[nodiscard]] bool is_read_out() const noexcept { return !is_open_ && next_mark_ == marks_.size(); }

  /// How far the caller has come: with everything that `next` has given, or with all but the last of it.
  enum class Upto : std::uint8_t { last, before_last };
  [[nodiscard]] Position position(Upto upto) const;
  /// The caller is done with the last of it too.
  void confirm() noexcept { given_ = Given::nothing; }
  /// Begins where an earlier run has come to.
  void restore(const Position& position);
  /// Changes whenever the position may have changed.
  [[nodiscard]] std::uint64_t changes() const noexcept { return changes_; }

  [[nodiscard]] const SubscriberStatistics& statistics() const noexcept { return statistics_; }

 private:
  void begin_marks();
  bool open(Frames&& frames);
  void enter(const Ledger::Entry& entry, std::uint64_t numbering, Clock::time_point now);
  void tell_gap(std::string_view topic, const Missing& missing);
  void enter_run(Event& event);
  void tell_lost_with_broker(const Event& event, const RunFinding& finding);
  [[nodiscard]] const Message* next_event();
  void withdraw_open_message(Position& position, Upto upto) const;
  void withdraw_open_run(Position& position, Upto upto) const;
  void withdraw_marks(Position& position, Upto upto) const;

  const Feed feed_;
  const TopicFilters filters_;
  Ledger ledger_;
  SubscriberStatistics statistics_;
  std::uint64_t changes_ = 0;
  Hole hole_;
  std::string history_missing_;

  // What is being read out.
  std::function<void(const Gap&)> on_gap_;
  std::vector<Message> marks_;
  std::size_t next_mark_ = 0;
  Arrival arrival_;
  bool is_open_ = false;
  enum class Given : std::uint8_t { nothing, mark, event };
  Given given_ = Given::nothing;  // last
  bool is_stored_ = false;
  bool is_late_ = false;
  std::string_view topic_name_;
  TopicLedger* topic_ = nullptr;
  Clock::time_point now_{};
  std::uint64_t q_ = 0;
  std::uint64_t first_new_q_ = 0;
  std::uint32_t known_left_ = 0;  // entries that had arrived before under the same q
  std::size_t run_ = 0;
  std::uint32_t left_in_run_ = 0;
  std::uint32_t repeats_left_ = 0;  // entries of the run that had arrived before under any q
  bool is_run_entered_ = false;     // into the publishers' numbers
  std::uint64_t p_before_run_ = 0;  // the publisher's highest number until then
  Message current_;                 // an event, filled in anew for each
};

}  // namespace zevi::subscriber

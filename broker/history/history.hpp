#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "metrics/counters.hpp"
#include "replay/replay_source.hpp"
#include "runtime/clock.hpp"
#include "sequencing/sequencer.hpp"
#include "zevi/broker.hpp"

namespace zevi::broker {

/// What is kept in memory of what was sent: whole messages, bodies shared with the sockets that send them.
///
/// Each limit of the options has a budget of its own, which all topics under its prefix share; when it is
/// used up, the oldest message of them leaves, whichever topic it belongs to. A topic is known here while a
/// message of it is held. Belongs to the routing thread.
class History : public MessageSink, public ReplaySource {
 public:
  /// Both lists have passed `check_history`.
  History(const std::vector<HistoryLimit>& limits, Counters& counters);
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  void take(SequencedMessage& message) override;

  /// From now on these hold: what is beyond them leaves, and what is kept under no prefix any more. Puts all
  /// messages in order anew, 100 ms for half a million. The topics' ages may have changed as well.
  void set_limits(const std::vector<HistoryLimit>& limits);

  /// What is counted for a message, and for a topic that has any.
  [[nodiscard]] static std::uint64_t cost_bytes(std::size_t header_bytes, std::size_t body_bytes) noexcept;
  static constexpr std::uint64_t topic_cost_bytes = 1024;

  /// Gives up the oldest messages, of all prefixes alike, until so many bytes are free. False if there were
  /// none.
  bool give_up(std::uint64_t bytes);
  /// Gives up what has become too old. To be called in every round; looks 10 times a second.
  void expire(const Now& now);

  /// What is held of a topic; all 0 for nothing.
  struct Held {
    std::uint64_t first_q = 0;
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] Held held(const Topic& topic) const;
  /// How much of each limit is used.
  struct Usage {
    HistoryLimit limit;
    std::uint64_t bytes = 0;
    std::uint64_t events = 0;
  };
  [[nodiscard]] std::vector<Usage> usage() const;

  [[nodiscard]] Found find(const Topic& topic, std::uint64_t q, std::uint64_t now_ns) override;
  [[nodiscard]] Found find_since(const Topic& topic, std::uint64_t at, std::uint64_t now_ns) override;

 private:
  struct Budget;
  struct TopicRecords;

  /// A message, which stands in its topic's deque, and in the list of all messages of its budget from the
  /// oldest to the newest.
  struct Record {
    StoredMessage message;
    TopicRecords* topic = nullptr;
    Record* older = nullptr;
    Record* newer = nullptr;
    std::int64_t oldest_ns = 0;  ///< of its events, if they expire
    std::uint64_t bytes = 0;     ///< what it costs
  };

  struct TopicRecords {
    const Topic* topic = nullptr;
    Budget* budget = nullptr;
    std::deque<std::unique_ptr<Record>> records;  ///< in the order of `q` and `at`
    std::uint64_t bytes = 0;                      ///< what the records cost
    std::uint64_t events = 0;
  };

  /// A limit and what it counts.
  struct Budget {
    explicit Budget(HistoryLimit of) : prefix(of.prefix), limit(std::move(of)) {}

    std::string prefix;
    HistoryLimit limit;
    std::uint64_t bytes = 0;
    std::uint64_t events = 0;
    Record* oldest = nullptr;
    Record* newest = nullptr;

    void append(Record& record) noexcept;
    void remove(const Record& record) noexcept;
  };

  [[nodiscard]] TopicRecords* records_for(const Topic& topic);
  [[nodiscard]] std::unique_ptr<Record> new_record();
  /// Charges a topic, which holds nothing under a budget yet, with its records.
  void adopt(TopicRecords& topic, Budget& budget);
  void trim(Budget& budget);
  /// Gives up the oldest message of a topic, and the topic with its last one.
  void drop_oldest(TopicRecords& topic, Counter reason);
  void expire_budget(Budget& budget, std::uint64_t now_ns);
  void expire_topics(std::uint64_t now_ns);
  /// A budget is used, and the counters show the sum of all.
  void charge(Budget& budget, std::uint64_t bytes, std::uint64_t events);
  void give_back(Budget& budget, std::uint64_t bytes, std::uint64_t events);

  Counters& counters_;
  std::vector<Budget> budgets_;  // never moves while topics point at one
  std::unordered_map<const Topic*, TopicRecords> topics_;
  std::size_t topics_with_max_age_ = 0;
  /// Some that were given up: when the history is full, each message takes the place of another one.
  std::vector<std::unique_ptr<Record>> spare_records_;
  SteadyTime next_expiry_{};
};

}  // namespace zevi::broker

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

/// What the numbers of arriving events say about those that did not arrive. Pure: no sockets, and the time is
/// given. All numbers are hostile until checked; none makes it claim more than 2^64 - 1 or run long.
namespace zevi::subscriber {

using Clock = std::chrono::steady_clock;

/// What is found when the events `q` to `q + n - 1` of a topic arrive.
struct Finding {
  std::uint64_t gap_from = 0;     ///< first `q` that is missing before them, 0 for none
  std::uint64_t gap_to = 0;       ///< last one
  std::uint64_t lost_before = 0;  ///< newly known to be lost before the broker
  std::uint32_t known = 0;        ///< that many of the first ones had arrived already
};

/// What is found when events of one publisher arrive.
struct RunFinding {
  std::uint32_t known = 0;      ///< that many of the first ones were here before under another `q`
  std::uint64_t p_before = 0;   ///< highest number of the publisher until now, 0 for none
  std::uint64_t lost_from = 0;  ///< first `p` that was lost with an earlier broker, 0 for none
  std::uint64_t lost_to = 0;    ///< last one
};

/// First and last of numbers that are missing.
struct Missing {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  [[nodiscard]] std::uint64_t count() const noexcept { return to - from + 1; }
};

/// The numbers of one topic: where its reader stands, and what is known of its publishers.
///
/// Positions belong to a numbering, which is named by the epoch in which the reader is. A message that the
/// broker has kept over a crash says an earlier epoch in its header and stands in the same numbering, so that
/// `enter` takes both.
class TopicLedger {
 public:
  /// What a publisher said last.
  struct Publisher {
    std::uint64_t p = 0;      ///< its highest number here, 0 for none
    std::uint64_t epoch = 0;  ///< in which epoch it was last seen
    std::uint64_t gaps = 0;   ///< what was missing of the topic until then
  };

  /// `l` is the broker's count of events lost before it in `epoch`. The first sight of a topic sets the base.
  /// So does the first in a new numbering, except that everything lost before the broker in it is news.
  /// `q` + `n` must not exceed 2^64 - 1.
  Finding enter(std::uint64_t epoch, std::uint64_t q, std::uint32_t n, std::uint64_t l,
                std::uint64_t numbering) noexcept;
  Finding enter(std::uint64_t epoch, std::uint64_t q, std::uint32_t n, std::uint64_t l) noexcept {
    return enter(epoch, q, n, l, epoch);
  }

  /// Takes `count` events that the publisher `id` numbered `p`, `p + 1`, ... in `epoch`. A `p` of 0 means
  /// that they have no number. `p` + `count` must not exceed 2^64 - 1.
  ///
  /// If the publisher was last seen in another epoch, the numbers between are of events that an earlier
  /// broker had taken, or that it dropped meanwhile, but for those that were told as missing by their `q`. Of
  /// a publisher that is new here the same can be said only if nothing of the topic can have been here
  /// unnoticed.
  RunFinding enter_run(std::uint64_t epoch, std::uint64_t id, std::uint64_t p, std::uint32_t count,
                       Clock::time_point now);

  /// The numbers that are missing before `q`.
  [[nodiscard]] std::optional<Missing> missing_before(std::uint64_t numbering,
                                                      std::uint64_t q) const noexcept {
    if (q <= next_q_ || next_q_ == 0 || numbering != numbering_ || first_may_be_behind_) return std::nullopt;
    return Missing{next_q_, q - 1};
  }

  /// Reading begins at `q`. A `numbering` of 0 is whichever comes first.
  void begin(std::uint64_t numbering, std::uint64_t q) noexcept;
  /// No event before `q` is wanted; the first that comes may be a later one, without a gap.
  void begin_at_or_behind(std::uint64_t numbering, std::uint64_t q) noexcept;
  /// The topic came into being while it was read.
  void begin_from_first(std::uint64_t numbering) noexcept;
  /// The broker numbers on from another place.
  void move(std::uint64_t numbering, std::uint64_t q) noexcept;
  /// All that there is before `q` has been here. Gives what is missing.
  std::optional<Missing> catch_up_to(std::uint64_t numbering, std::uint64_t q) noexcept;
  void note_epoch_change() noexcept { saw_epoch_change_ = true; }
  /// The broker's count of events lost before it, if it is known where that stands in this numbering.
  [[nodiscard]] std::optional<std::uint64_t> lost_before() const noexcept {
    return lost_before_epoch_ == numbering_ ? lost_before_ : std::nullopt;
  }
  /// True if no event of the topic can have been here unnoticed.
  [[nodiscard]] bool was_read_from_first() const noexcept { return was_read_from_first_ && !has_forgotten_; }
  // What an earlier run of the reader knew.
  void know_read_from_first() noexcept { was_read_from_first_ = true; }
  void know_lost_before(std::uint64_t count) noexcept { lost_before_ = count; }
  void know(std::uint64_t id, const Publisher& publisher) { recent_[id] = publisher; }

  /// The number behind the last one that was here; 0 if none was.
  [[nodiscard]] std::uint64_t next_q() const noexcept { return next_q_; }
  [[nodiscard]] std::uint64_t numbering() const noexcept { return numbering_; }
  template <typename Visitor>
  void visit_publishers(Visitor&& visit) const {
    for (const auto& [id, publisher] : older_) {
      if (recent_.count(id) == 0) visit(id, publisher);
    }
    for (const auto& [id, publisher] : recent_) visit(id, publisher);
  }

 private:
  using Publishers = std::unordered_map<std::uint64_t, Publisher>;

  Publisher& publisher(std::uint64_t id, Clock::time_point now);
  void count_lost_before(std::uint64_t epoch, std::uint64_t l, Finding& finding) noexcept;
  void note_jump(const Publisher& seen, std::uint64_t epoch, std::uint64_t p, RunFinding& finding) noexcept;

  std::uint64_t numbering_ = 0;
  std::uint64_t next_q_ = 0;  // 0 until the topic has been seen
  bool first_may_be_behind_ = false;

  // Nothing where the broker's count stands is not known yet.
  std::optional<std::uint64_t> lost_before_ = 0;
  std::uint64_t lost_before_epoch_ = 0;

  // What was told as missing, and how much of it has been taken for what publishers say is missing.
  std::uint64_t gaps_ = 0;
  std::uint64_t gaps_explained_ = 0;
  std::uint64_t lost_before_explained_ = 0;

  bool was_read_from_first_ = false;
  bool saw_epoch_change_ = false;
  bool has_forgotten_ = false;

  // Publishers are forgotten one to two hours after their last event, by dropping the older map whole.
  Publishers recent_;
  Publishers older_;
  Clock::time_point turned_{};
  std::uint64_t last_id_ = 0;
  Publisher* last_publisher_ = nullptr;  // into recent_
};

class Ledger {
 public:
  /// The epoch before, if `epoch` is another one than that of the last message.
  std::optional<std::uint64_t> enter_epoch(std::uint64_t epoch) noexcept;
  /// 0 before the first message.
  [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_.value_or(0); }

  [[nodiscard]] bool epoch_has_changed() const noexcept { return epoch_has_changed_; }
  /// There was another epoch before.
  void note_epoch_change() noexcept;

  /// From now on, a topic that is not known has come into being since.
  void knows_all_topics(bool knows) noexcept { knows_all_topics_ = knows; }
  [[nodiscard]] bool knows_all_topics() const noexcept { return knows_all_topics_; }

  /// The topic and its name, which stays where it is.
  struct Entry {
    std::string_view name;
    TopicLedger& topic;
  };
  Entry entry(std::string_view name);
  TopicLedger& topic(std::string_view name) { return entry(name).topic; }

  /// Of every topic whose place in this epoch is known, the number behind the last one that was here.
  [[nodiscard]] std::map<std::string, std::uint64_t> positions() const;

  template <typename Visitor>
  void visit(Visitor&& visitor) {
    for (auto& [name, topic] : topics_) visitor(name, topic);
  }
  template <typename Visitor>
  void visit(Visitor&& visitor) const {
    for (const auto& [name, topic] : topics_) visitor(name, topic);
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  std::optional<std::uint64_t> epoch_;
  bool epoch_has_changed_ = false;
  bool knows_all_topics_ = false;
  std::unordered_map<std::string, TopicLedger, Hash, std::equal_to<>> topics_;
};

}  // namespace zevi::subscriber

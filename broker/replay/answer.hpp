#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "question.hpp"
#include "replay_source.hpp"
#include "topics/topic.hpp"
#include "zevi/wire/replay_messages.hpp"

namespace zevi::broker {

/// The answer to one question, made message by message: `prepare` until it is done, then `peek` and `advance`
/// until there is nothing more, then `end`. Between the calls the history goes on changing; what is given up
/// before its turn is named as gone. What arrives after `prepare` has seen its topic is no part of the
/// answer.
///
/// Over all topics the messages come in the order in which the broker took them in. While one is being read
/// from the disk, the answer waits: `prepare` is not done, and `peek` says that it is coming.
class Answer {
 public:
  /// `topics` are those that match, in order; `ended` is what is known of the epoch that the question names,
  /// if that is an earlier one.
  Answer(std::unique_ptr<Question> question, std::vector<const Topic*> topics, std::uint64_t epoch,
         const ReplaySource::EndedEpoch* ended = nullptr);

  /// Why the question cannot be answered, in words; empty if it can.
  [[nodiscard]] std::string_view refusal() const noexcept;

  /// Finds the place to begin in the next `topics_max` topics. True when all are done; if not, `is_waiting`
  /// says whether it waits for the disk.
  [[nodiscard]] bool prepare(ReplaySource& source, std::uint64_t now_ns, std::size_t topics_max);

  /// The next message to send and its topic; null if all that the answer holds is sent.
  [[nodiscard]] Found peek(ReplaySource& source, std::uint64_t now_ns);
  [[nodiscard]] const Topic& topic() const noexcept { return *current().topic; }
  /// The message that `peek` gave was sent.
  void advance(ReplaySource& source, const StoredMessage& sent, std::uint64_t now_ns);

  [[nodiscard]] bool is_waiting() const noexcept { return is_waiting_; }

  [[nodiscard]] wire::ReplayEnd end() const;
  [[nodiscard]] const Question& question() const noexcept { return *question_; }
  /// Numbers that were asked for and are not held.
  [[nodiscard]] std::uint64_t gone() const noexcept { return gone_count_; }

 private:
  struct Place {
    const Topic* topic = nullptr;
    std::uint64_t q = 0;   ///< the first number that is not covered
    std::uint64_t to = 0;  ///< the last that is wanted
  };
  /// When the next message of a place was taken in, and which place.
  using Turn = std::pair<std::uint64_t, std::size_t>;

  /// False if it waits.
  [[nodiscard]] bool find_place(Place& place, ReplaySource& source, std::uint64_t now_ns);
  /// Where the answer begins in a topic, if it is asked for by number.
  [[nodiscard]] std::uint64_t asked_q(const Topic& topic, std::uint64_t from) const;
  [[nodiscard]] std::uint64_t last_wanted(const Topic& topic) const;
  /// Puts a place in line for its next message, if it has one. False if it waits.
  [[nodiscard]] bool line_up(std::size_t place, ReplaySource& source, std::uint64_t now_ns);
  /// Tries again what had to wait. False if it still does.
  [[nodiscard]] bool line_up_again(ReplaySource& source, std::uint64_t now_ns);
  void cover_gone(Place& place, std::uint64_t end_q);
  void take_turn();
  [[nodiscard]] const Place& current() const noexcept { return places_[turns_.front().second]; }

  std::unique_ptr<Question> question_;
  std::vector<const Topic*> topics_;
  std::uint64_t epoch_;
  const ReplaySource::EndedEpoch* ended_;
  bool are_numbers_known_;  ///< those of the question
  std::vector<Place> places_;
  std::vector<Turn> turns_;  // a heap, the earliest in front
  std::vector<wire::GoneRange> gone_;
  std::uint64_t gone_count_ = 0;
  std::uint64_t body_bytes_ = 0;
  std::size_t end_bytes_ = 0;  // of the end marker, an upper bound
  bool more_ = false;
  bool is_waiting_ = false;
  std::optional<std::size_t> not_in_line_;  ///< the place that waits for its next message
};

}  // namespace zevi::broker

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
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

class TopicLedger {
 public:
  /// `l` is the broker's count of events lost before it in this epoch. The first sight of a topic sets the
  /// base. So does the first in a new epoch, except that everything lost before the broker in it is news.
  /// `q` + `n` must not exceed 2^64 - 1.
  Finding enter(std::uint64_t epoch, std::uint64_t q, std::uint32_t n, std::uint64_t l) noexcept;

  /// How many of the first of `count` events that the publisher `id` numbered `p`, `p + 1`, ... were here
  /// before under any `q`. A `p` of 0 means that they have no number. `p` + `count` must not exceed 2^64 - 1.
  std::uint32_t repeats(std::uint64_t id, std::uint64_t p, std::uint32_t count, Clock::time_point now);

 private:
  using HighestNumbers = std::unordered_map<std::uint64_t, std::uint64_t>;

  std::uint64_t& highest_number(std::uint64_t id, Clock::time_point now);

  std::uint64_t epoch_ = 0;
  std::uint64_t next_q_ = 0;  // 0 until the topic has been seen
  std::uint64_t lost_before_ = 0;

  // Publishers are forgotten one to two hours after their last event, by dropping the older map whole.
  HighestNumbers recent_;
  HighestNumbers older_;
  Clock::time_point turned_{};
  std::uint64_t last_id_ = 0;
  std::uint64_t* last_number_ = nullptr;  // into recent_
};

class Ledger {
 public:
  /// The epoch before, if `epoch` is another one than that of the last message.
  std::optional<std::uint64_t> enter_epoch(std::uint64_t epoch) noexcept;
  TopicLedger& topic(std::string_view name);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  std::optional<std::uint64_t> epoch_;
  std::unordered_map<std::string, TopicLedger, Hash, std::equal_to<>> topics_;
};

}  // namespace zevi::subscriber

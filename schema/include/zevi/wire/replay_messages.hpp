#pragma once

#include <optional>

#include "zevi/limits.hpp"
#include "zevi/wire/control_frame.hpp"

/// What readers ask of the broker's history and get back, on the `replay` endpoint: a DEALER asks a ROUTER.
/// A question is one frame, a `ReplayRequest`. Its answer is any number of stored messages, each
/// `[StoredHead][topic][StreamHeader][body]` with the last three as they were on `stream`, and behind them
/// one frame, a `ReplayEnd`. The first and the last message of a topic may reach beyond what was asked; the
/// reader cuts.
namespace zevi::wire {

/// Which events: those of topics that match `t`, up to `to`. `from`, `since` or `last` say where they begin;
/// if there are several, the first of these counts, and if there is none, they begin at the oldest that is
/// held.
struct ReplayRequest {
  std::uint64_t i = 0;  ///< the reader's own number of the question, said in every part of the answer
  std::vector<std::string_view> t;  ///< topics, or prefixes with a `*` behind them; 1 to 1,024
  /// The first `q` wanted of each topic, from 1; topics that are not named begin at the oldest that is held.
  std::optional<std::vector<TopicCount>> from;
  std::vector<TopicCount> to;  ///< the last `q` wanted of each topic; topics that are not named have no end
  std::optional<std::uint64_t> since;  ///< ns since 1970, by the broker's clock (`at`)
  std::optional<std::uint64_t> last;   ///< so many of each topic; 0 asks for the end marker alone
  std::uint64_t limit_bytes = limits::replay_answer_bytes;  ///< of the answer's bodies; at least one is sent
  std::uint64_t b = 0;  ///< the epoch that the numbers in `from` belong to; 0: the broker's, whichever it is
  bool operator==(const ReplayRequest&) const = default;
};

/// Heads every stored message.
struct StoredHead {
  std::uint64_t i = 0;
  bool operator==(const StoredHead&) const = default;
};

/// Events that were asked for and cannot be had: forgotten, or damaged on the disk.
struct GoneRange {
  std::string_view topic;
  std::uint64_t q_from = 0;
  std::uint64_t q_to = 0;  ///< the last one
  bool operator==(const GoneRange&) const = default;
};

struct ReplayEnd {
  std::uint64_t i = 0;
  std::uint64_t b = 0;           ///< the broker's epoch
  std::vector<TopicCount> next;  ///< of every topic that matches, the first `q` that this answer leaves out
  bool more = false;             ///< the limit was reached: ask again from `next`
  std::vector<GoneRange> gone;
  /// If the question named an earlier epoch that the broker remembers: its last `q` of every topic that
  /// matches. What the reader has seen of it beyond was never stored; the answer began behind it.
  std::optional<std::vector<TopicCount>> ended;
  std::string_view reason;  ///< empty, or why the question was refused, in words
  bool operator==(const ReplayEnd&) const = default;
};

void encode(const ReplayRequest& message, std::string& out);
void encode(const StoredHead& message, std::string& out);
void encode(const ReplayEnd& message, std::string& out);

/// A filter that is none, a number in `from` or `to` that is 0, a `limit_bytes` of 0 or above
/// `replay_answer_bytes_max` are `out_of_range`.
[[nodiscard]] DecodeError decode(std::string_view frame, ReplayRequest& message);
[[nodiscard]] DecodeError decode(std::string_view frame, StoredHead& message) noexcept;
[[nodiscard]] DecodeError decode(std::string_view frame, ReplayEnd& message);

/// The field `i` of a question that may be broken elsewhere, so that its refusal can say which one it was; 0
/// if it cannot be read.
[[nodiscard]] std::uint64_t question_number(std::string_view frame) noexcept;

}  // namespace zevi::wire

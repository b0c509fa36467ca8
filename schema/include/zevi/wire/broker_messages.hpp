#pragma once

#include "zevi/limits.hpp"
#include "zevi/wire/control_frame.hpp"

/// What the broker says to a publisher: one frame each, through the ROUTER that the publisher is connected
/// to.
namespace zevi::wire {

/// When a batch counts as taken in by the broker.
enum class AckLevel : std::uint8_t {
  memory,   ///< sequenced and held in memory
  written,  ///< written to the store's log
  synced,   ///< and synced to the disk
};

[[nodiscard]] std::string_view name_of(AckLevel level) noexcept;

struct PrefixLevel {
  std::string_view prefix;
  AckLevel level = AckLevel::memory;
  bool operator==(const PrefixLevel&) const = default;
};

/// Answers a `hello`.
struct Welcome {
  std::uint64_t version = wire::version_max;
  std::uint64_t id = 0;  ///< the broker's, new at each start
  std::uint64_t window_bytes = limits::window_bytes;
  std::uint64_t event_bytes_max = limits::event_bytes_max;
  std::uint64_t batch_bytes_max = limits::batch_bytes_max;
  std::uint64_t nesting_max = limits::nesting_max;
  std::vector<PrefixLevel> levels;  ///< the longest prefix that begins a topic decides; none means `memory`
  bool operator==(const Welcome&) const = default;
};

struct PrefixKept {
  std::string_view prefix;
  bool kept = false;
  bool operator==(const PrefixKept&) const = default;
};

/// What somebody wants to have published. A topic is wanted if any prefix in `w` begins it, or if the longest
/// prefix in `h` that begins it says true.
struct Interest {
  std::uint64_t g = 0;              ///< generation, from 1
  std::vector<std::string_view> w;  ///< prefixes wanted by subscribers
  std::vector<PrefixKept> h;        ///< prefixes of the history
  bool operator==(const Interest&) const = default;

  [[nodiscard]] bool wants(std::string_view topic) const noexcept;
};

/// The highest batch number that reached each level, all lower ones included, and how long the publisher is
/// asked to collect events before its next batch.
struct Ack {
  std::uint64_t memory = 0;
  std::uint64_t written = 0;
  std::uint64_t synced = 0;
  std::uint64_t pace_us = 0;  ///< at most `limits::pace_max`; 0: as short as the publisher likes
  bool operator==(const Ack&) const = default;
};

/// A batch was refused for good: it counts as taken in and is not sent again. With `s` 0 it is the `hello`
/// that was refused.
struct Reject {
  std::uint64_t s = 0;
  std::string_view t;       ///< topic of the batch; empty if its header named none
  std::uint32_t n = 0;      ///< events in it, as its header said
  std::string_view reason;  ///< in words
  bool operator==(const Reject&) const = default;
};

/// The broker does not know the sender, or misses a batch: say `hello` and send again from the lowest batch
/// that is not acknowledged.
struct Who {
  bool operator==(const Who&) const = default;
};

void encode(const Welcome& message, std::string& out);
void encode(const Interest& message, std::string& out);
void encode(const Ack& message, std::string& out);
void encode(const Reject& message, std::string& out);
void encode(const Who& message, std::string& out);

[[nodiscard]] DecodeError decode(std::string_view frame, Welcome& message);
[[nodiscard]] DecodeError decode(std::string_view frame, Interest& message);
[[nodiscard]] DecodeError decode(std::string_view frame, Ack& message) noexcept;
[[nodiscard]] DecodeError decode(std::string_view frame, Reject& message) noexcept;

}  // namespace zevi::wire

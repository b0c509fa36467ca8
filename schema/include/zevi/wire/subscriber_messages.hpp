#pragma once

#include <optional>
#include <vector>

#include "zevi/wire/control_frame.hpp"

/// What the broker says to subscribers on its PUB endpoints, always `[topic][second frame][third frame]`:
/// on `stream` the frames are topic, `StreamHeader`, body (`zevi/wire/body.hpp`); on `events` they are topic,
/// the event's parameter map, `EventMeta`; a barrier's are its topic, an empty map, `Ready`, on both.
namespace zevi::wire {

/// Who published the next `count` entries of a body.
struct Run {
  std::uint64_t id = 0;
  std::string_view src;
  std::uint64_t pid = 0;
  std::uint64_t p = 0;      ///< the publisher's own number of the first of them
  std::uint32_t count = 0;  ///< at least 1
  std::string_view host;
  std::string_view origin;  ///< empty unless a bridge brought the events from elsewhere
  bool operator==(const Run&) const = default;
};

struct StreamHeader {
  std::uint64_t version = wire::version_max;
  std::uint64_t b = 0;   ///< epoch, never 0
  std::uint64_t q = 0;   ///< topic sequence number of the first event, from 1
  std::uint32_t n = 0;   ///< events in the body
  std::uint64_t at = 0;  ///< the broker's realtime clock at sequencing, in ns; never decreases
  std::uint64_t l = 0;   ///< events of this topic known lost before the broker in this epoch
  std::vector<Run> r;    ///< their counts add up to `n`
  bool operator==(const StreamHeader&) const = default;
};

struct EventMeta {
  std::uint64_t q = 0;
  std::uint64_t p = 0;
  std::uint64_t l = 0;
  double time = 0;  ///< seconds since 1970, for scripts; `time_ns` is exact
  std::int64_t time_ns = 0;
  std::string_view src;
  std::string_view host;
  std::uint64_t pid = 0;
  std::uint64_t id = 0;
  std::uint64_t b = 0;
  bool operator==(const EventMeta&) const = default;
};

/// An endpoint that has the topics of a prefix to itself.
struct RouteAt {
  std::string_view prefix;
  std::string_view endpoint;
  bool operator==(const RouteAt&) const = default;
};

/// A barrier: the subscriptions that were made before it are live.
struct Ready {
  std::uint64_t b = 0;
  std::uint64_t at = 0;
  std::uint64_t unconfirmed = 0;  ///< live publishers that have not confirmed that they know of them
  /// At `stream` and `events`: where topics are instead, in the same format.
  std::vector<RouteAt> routes{};
  /// At a route: its prefix.
  std::optional<std::string_view> route{};
  bool operator==(const Ready&) const = default;
};

void encode(const StreamHeader& message, std::string& out);
void encode(const EventMeta& message, std::string& out);
void encode(const Ready& message, std::string& out);

/// A header of another version is `out_of_range`, and so are runs whose counts do not add up to `n`. Keeps
/// the memory of `message.r` for the next message. The stream header alone may exceed a control frame's size,
/// since a joined message names every publisher in it; it is limited by `batch_bytes_max`.
[[nodiscard]] DecodeError decode(std::string_view frame, StreamHeader& message);
[[nodiscard]] DecodeError decode(std::string_view frame, EventMeta& message) noexcept;
[[nodiscard]] DecodeError decode(std::string_view frame, Ready& message);

}  // namespace zevi::wire

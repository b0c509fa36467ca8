#pragma once

#include "zevi/wire/control_frame.hpp"

/// What a publisher says to the broker: a DEALER sends the header as the first frame; `events` has a second
/// frame, the body (`zevi/wire/body.hpp`).
namespace zevi::wire {

/// Opens a conversation, and opens it anew after a reconnect or a `who`.
struct Hello {
  std::uint64_t version_min = wire::version_min;
  std::uint64_t version_max = wire::version_max;
  std::string_view src;  ///< name of the program: UTF-8 of at most 255 bytes, or the broker refuses the hello
  std::uint64_t pid = 0;
  std::string_view host;  ///< like `src`
  std::uint64_t id = 0;   ///< this publisher's, new for every process and fork
  std::uint64_t s = 1;    ///< lowest batch number that is not acknowledged, or the next one
  std::uint64_t g = 0;    ///< generation of the interest held; 0 for none
  bool operator==(const Hello&) const = default;
};

/// Heads a batch of events of one topic.
struct EventsHeader {
  std::string_view t;   ///< topic
  std::uint64_t s = 0;  ///< batch number over all topics of this publisher: 1, 2, 3 ...
  /// The publisher's own number of the first event in this topic, from 1; drops take numbers too.
  std::uint64_t p = 0;
  std::uint32_t n = 0;  ///< events in the body, at least 1
  std::uint64_t d = 0;  ///< events of this topic dropped so far, each of which has a number below `p`
  std::string_view o;   ///< origin, set by bridges, at most 255 bytes; left out when empty
  bool operator==(const EventsHeader&) const = default;
};

/// Says every second that the publisher lives, and at once which interest it has taken over. It is no part of
/// the numbered batches and is not acknowledged.
struct Beat {
  std::uint64_t g = 0;
  std::vector<TopicCount> d;  ///< events dropped so far, for each topic whose number changed; at most 1,024
  bool operator==(const Beat&) const = default;
};

/// The publisher ends on purpose.
struct Bye {
  std::uint64_t s = 0;  ///< last batch number sent
  std::vector<TopicCount> d;
  bool operator==(const Bye&) const = default;
};

/// Each appends one frame to `out`.
void encode(const Hello& message, std::string& out);
void encode(const EventsHeader& message, std::string& out);
void encode(const Beat& message, std::string& out);
void encode(const Bye& message, std::string& out);

[[nodiscard]] DecodeError decode(std::string_view frame, Hello& message) noexcept;
/// After a fault the fields that precede it are filled in, so that a `reject` can name the batch if `s` is
/// not 0. `t` is a topic or empty.
[[nodiscard]] DecodeError decode(std::string_view frame, EventsHeader& message) noexcept;
[[nodiscard]] DecodeError decode(std::string_view frame, Beat& message);
[[nodiscard]] DecodeError decode(std::string_view frame, Bye& message);

/// The highest version that both ranges hold, or 0 if there is none.
[[nodiscard]] std::uint64_t settle_version(std::uint64_t their_min, std::uint64_t their_max) noexcept;

}  // namespace zevi::wire

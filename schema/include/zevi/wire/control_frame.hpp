#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "zevi/pack.hpp"

/// Version 1 of what publishers, broker and subscribers say to one another. WIRE.md shows every message byte
/// for byte. Pure functions: bytes in, values out. Decoding reports faults as values, and allocates in
/// proportion to the frame that it was given, whatever counts stand in it; text in a decoded message points
/// into that frame. Of a key that occurs twice the last value is taken, of `k` the first.
namespace zevi::wire {

inline constexpr std::uint64_t version_min = 1;
inline constexpr std::uint64_t version_max = 1;

/// Every number in a frame is below this, because JavaScript and jq lose larger integers; decoders refuse the
/// others. Times in nanoseconds alone are larger.
inline constexpr std::uint64_t id_end = std::uint64_t{1} << 53;

enum class DecodeError : std::uint8_t {
  none,
  too_large,      ///< longer than a frame of this kind may be
  malformed,      ///< no msgpack, ends too early, or has bytes behind its end
  not_a_map,      ///< msgpack, but no map with text keys
  missing_field,  ///< a field without which the message says nothing
  wrong_type,     ///< a known field holds another type than it should
  out_of_range,   ///< a number, topic, text or version outside its limits
};

/// In words, for a log line or a `reject`.
[[nodiscard]] std::string_view describe(DecodeError error) noexcept;

/// What a frame to or from the broker is, by its field `k`.
enum class Kind : std::uint8_t {
  unknown,
  hello,
  events,
  beat,
  bye,
  welcome,
  interest,
  ack,
  reject,
  who,
  replay,
  stored,
  end,
};

/// The kind of a control frame, if it is no longer than one of that kind may be. `Kind::unknown` with
/// `DecodeError::none` is a well-formed frame of a kind that this version does not know; a receiver skips it.
/// What stands behind `k` is left to the decoder of the kind.
[[nodiscard]] DecodeError decode_kind(std::string_view frame, Kind& kind) noexcept;

/// A topic or prefix and a number that belongs to it.
struct TopicCount {
  std::string_view topic;
  std::uint64_t count = 0;
  bool operator==(const TopicCount&) const = default;
};

}  // namespace zevi::wire

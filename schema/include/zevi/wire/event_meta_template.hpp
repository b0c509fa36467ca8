#pragma once

#include <array>
#include <string>
#include <string_view>

#include "zevi/wire/subscriber_messages.hpp"

namespace zevi::wire {

/// Encodes the metas of consecutive events of one publisher. They differ in three numbers and the time, which
/// stand here in their widest form (9 bytes each), so that the next meta is the one before with these bytes
/// written anew. Readers take any width.
///
///     meta.begin({.l = l, .src = src, .host = host, .pid = pid, .id = id, .b = b});
///     for (...) send(meta.next(q, p, time_ns));
class EventMetaTemplate {
 public:
  /// Takes over `l`, the publisher and the epoch; the other fields of `run` are not looked at.
  void begin(const EventMeta& run);

  /// The meta of one event, whose `time` is `time_ns` in seconds. Needs a `begin` before. The bytes are good
  /// until the next call; nothing is allocated.
  [[nodiscard]] std::string_view next(std::uint64_t q, std::uint64_t p, std::int64_t time_ns) noexcept {
    auto* const at = reinterpret_cast<std::uint8_t*>(bytes_.data());
    pack::detail::put_big_endian(at + q_at, q);
    pack::detail::put_big_endian(at + p_at, p);
    const double time = static_cast<double>(time_ns) * 1e-9;
    pack::detail::put_big_endian(at + time_at, std::bit_cast<std::uint64_t>(time));
    pack::detail::put_big_endian(at + time_ns_at, static_cast<std::uint64_t>(time_ns));
    return bytes_;
  }

 private:
  // Where the eight bytes of each number are: behind the map's head, the keys and the numbers before.
  static constexpr std::size_t q_at = 1 + 2 + 1;
  static constexpr std::size_t p_at = q_at + 8 + 2 + 1;
  static constexpr std::size_t l_at = p_at + 8 + 2 + 1;
  static constexpr std::size_t time_at = l_at + 8 + 5 + 1;
  static constexpr std::size_t time_ns_at = time_at + 8 + 8 + 1;

  std::string bytes_;
};

}  // namespace zevi::wire

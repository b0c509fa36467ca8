#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace zevi {

/// The longest topic in bytes. OpenSIPS stops at 64; libzmq 4.3.4 corrupts subscriptions of 246 to 255 bytes.
inline constexpr std::size_t topic_bytes_max = 128;

/// Topics that begin with this are published by the broker alone.
inline constexpr std::string_view reserved_topic_prefix = "E_ZEVI_";

/// A subscription that begins with this asks for a barrier message instead of events. `~` is outside the
/// topic alphabet and sorts behind all of it.
inline constexpr std::string_view ready_topic_prefix = "~ready.";

[[nodiscard]] constexpr bool is_topic_byte(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '-';
}

/// True if every byte may stand in a topic and the length does not exceed `topic_bytes_max`; the empty
/// prefix, which matches every topic, is one.
[[nodiscard]] constexpr bool is_topic_prefix(std::string_view text) noexcept {
  return text.size() <= topic_bytes_max && std::all_of(text.begin(), text.end(), is_topic_byte);
}

/// True for a topic: 1 to 128 bytes of `A-Z a-z 0-9 _ . -`.
[[nodiscard]] constexpr bool is_topic(std::string_view text) noexcept {
  return !text.empty() && is_topic_prefix(text);
}

/// True for a topic, and for a topic prefix with one `*` behind it.
[[nodiscard]] constexpr bool is_topic_filter(std::string_view text) noexcept {
  return text.ends_with('*') ? is_topic_prefix(text.substr(0, text.size() - 1)) : is_topic(text);
}

[[nodiscard]] constexpr bool is_reserved_topic(std::string_view text) noexcept {
  return text.starts_with(reserved_topic_prefix);
}

/// What a subscriber asks for: one topic by its exact name, or every topic with a prefix, written `E_CORE_*`.
/// ZeroMQ itself matches by prefix alone, so an exact filter has to be applied again on arrival.
class TopicFilter {
 public:
  /// Throws `zevi::Error` if `text` is no `is_topic_filter`.
  explicit TopicFilter(std::string_view text);

  /// The bytes to subscribe to at a ZeroMQ socket.
  [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; }
  [[nodiscard]] bool is_exact() const noexcept { return exact_; }
  [[nodiscard]] bool matches(std::string_view topic) const noexcept {
    return exact_ ? topic == prefix_ : topic.starts_with(prefix_);
  }

 private:
  std::string prefix_;
  bool exact_;
};

}  // namespace zevi

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "topics.hpp"
#include "zevi/publisher.h"

namespace zevi::shim {

class Lane;

/// What a `zevi_event` holds: an event that is being written into its thread's ring.
///
/// The head of its parameter map is known at the end alone, when all parameters have been put. So three bytes
/// are kept free for it, and the pair's head and time are written last, right in front of the map's head, be
/// that one byte, as nearly always, or three.
class Event {
 public:
  [[nodiscard]] zevi_status begin(Topic& topic, std::int64_t time_ns) noexcept;
  void put_int(const char* name, std::int64_t value) noexcept;
  void put_uint(const char* name, std::uint64_t value) noexcept;
  void put_double(const char* name, double value) noexcept;
  void put_bool(const char* name, bool value) noexcept;
  void put_nil(const char* name) noexcept;
  void put_string(const char* name, const char* text, std::size_t bytes) noexcept;
  void put_bytes(const char* name, const void* data, std::size_t bytes) noexcept;
  [[nodiscard]] zevi_status commit() noexcept;
  void cancel() noexcept;

  [[nodiscard]] zevi_status begin_map(Topic& topic, std::int64_t time_ns, std::size_t bytes_max,
                                      std::uint8_t*& at) noexcept;
  [[nodiscard]] zevi_status commit_map(const std::uint8_t* end) noexcept;

 private:
  [[nodiscard]] zevi_status open(Topic& topic, std::int64_t time_ns) noexcept;
  [[nodiscard]] zevi_status fail(zevi_status status) noexcept;
  [[nodiscard]] bool put_name(const char* name, std::size_t value_bytes_max) noexcept;
  void refuse(zevi_status why) noexcept;
  [[nodiscard]] bool is_committable() const noexcept;
  [[nodiscard]] zevi_status publish(std::uint8_t* map, std::size_t map_bytes) noexcept;
  /// Ends an event that is not published, counts it, and says why.
  [[nodiscard]] zevi_status close() noexcept;
  [[nodiscard]] std::uint8_t* first_parameter() const noexcept;

  /// For `parameters_`: the caller writes the map.
  static constexpr std::uint32_t whole_map = 0xFFFFFFFF;

  Topic* topic_;          ///< null when there is no event
  Lane* lane_;            ///< null when the event was not begun
  std::uint8_t* record_;  ///< where it is written
  std::uint8_t* at_;      ///< where the next parameter goes
  std::uint8_t* end_;     ///< where parameters must end
  std::int64_t time_ns_;
  std::uint64_t serial_;  ///< of the publisher when the event was begun: a fork changes it
  std::uint32_t parameters_;
  std::int32_t status_;  ///< why the event will not be kept
};
static_assert(sizeof(Event) <= sizeof(zevi_event));

/// Publishes a map that is checked first.
[[nodiscard]] zevi_status publish_encoded(Topic& topic, std::int64_t time_ns, std::string_view map) noexcept;

}  // namespace zevi::shim

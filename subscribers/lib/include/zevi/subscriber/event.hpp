#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "zevi/subscriber/params.hpp"

namespace zevi {

/// One event as it arrived. All text in it, and its parameters, point into the message that brought it and
/// are valid until the subscriber's next call; copy what you keep.
struct Event {
  std::string_view topic;       ///< the event's name: `E_CORE_LOG`
  std::uint64_t q = 0;          ///< number that the broker gave it in its topic: 1, 2, 3 ...
  std::int64_t time_ns = 0;     ///< when it was published, in nanoseconds since 1970
  std::string_view src;         ///< name of the program that published it
  std::uint64_t pid = 0;        ///< process id of that program
  std::string_view host;        ///< and its host
  std::uint64_t id = 0;         ///< random number of that publisher, new for every process
  std::uint64_t p = 0;          ///< the publisher's own number of the event in this topic
  std::string_view origin;      ///< where a bridge had it from; empty if it was published here
  std::uint64_t epoch = 0;      ///< which numbering `q` belongs to
  std::string_view params_raw;  ///< the parameters as a msgpack map

  [[nodiscard]] Params params() const noexcept { return Params(params_raw); }
  /// The parameter called `name`, absent if the event has none.
  [[nodiscard]] Value operator[](std::string_view name) const noexcept { return params().find(name); }
  [[nodiscard]] std::chrono::system_clock::time_point time() const noexcept {
    return std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::nanoseconds(time_ns)));
  }

  /// Reads the event into a struct of the catalogue (`zevi/events.hpp`). False if this is another event or
  /// its parameters do not have the types that the catalogue says. Text in `out` lives as long as the event.
  template <typename Typed>
  [[nodiscard]] bool as(Typed& out) const {
    return topic == Typed::topic && Typed::decode(params_raw, out);
  }
  template <typename Typed>
  [[nodiscard]] std::optional<Typed> as() const {
    Typed out;
    return as(out) ? std::optional<Typed>(out) : std::nullopt;
  }
};

}  // namespace zevi

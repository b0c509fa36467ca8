#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "zevi/events.hpp"

/// The event that every program of the comparison carries, and how it is checked where it arrives.
///
/// It is an E_PROFILING_PROC `enter` as OpenSIPS raises it: nine parameters, 93 bytes of msgpack. `sec` and
/// `usec` are the moment of publishing, as there; `session` counts the events of a publisher and `line` tells
/// which publisher it was, so that a reader knows of every event whether it is the one that has to come.
namespace zevi::bench {

/// So that every number takes the same five bytes.
constexpr std::int64_t first_session = 100'000;
constexpr std::int64_t first_line = 500;

inline E_PROFILING_PROC event_number(std::uint64_t number, std::uint32_t publisher,
                                     std::int64_t now_ns) noexcept {
  return {.sec = now_ns / 1'000'000'000,
          .usec = now_ns % 1'000'000'000 / 1000,
          .session = first_session + static_cast<std::int64_t>(number),
          .verb = "enter",
          .name = "ipc_job",
          .type = 2,
          .depth = 1,
          .file = "handle_io",
          .line = first_line + publisher,
          .status = {}};
}

/// CLOCK_REALTIME, as the events carry it.
[[nodiscard]] std::int64_t now_ns() noexcept;

/// The processor time of this process so far.
[[nodiscard]] std::int64_t cpu_ns() noexcept;

/// Decodes every event, checks every parameter, and looks that the events of each publisher and topic come in
/// order.
class Checker {
 public:
  /// Every publisher uses `topics` topics in turn. Keeps the latency of one event in `sample_every`.
  Checker(std::uint32_t publishers, std::uint32_t topics, std::uint64_t sample_every);

  void take(std::string_view params) noexcept;

  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
  /// With another content than what was published, or of no publisher that is expected.
  [[nodiscard]] std::uint64_t wrong() const noexcept { return wrong_; }
  /// Not later than one that came before from the same publisher in the same topic.
  [[nodiscard]] std::uint64_t disordered() const noexcept { return disordered_; }
  /// Latency in us that the fraction `part` of the events do not exceed; 0 if none was sampled.
  [[nodiscard]] double latency_us(double part) noexcept;

 private:
  std::uint32_t topics_;
  std::vector<std::int64_t> next_session_;  ///< of each publisher and topic
  std::uint64_t sample_every_;
  std::uint64_t received_ = 0;
  std::uint64_t wrong_ = 0;
  std::uint64_t disordered_ = 0;
  std::vector<std::int64_t> latency_us_;
};

}  // namespace zevi::bench

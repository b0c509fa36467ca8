#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "counters.hpp"
#include "runtime/clock.hpp"

namespace zevi::broker {

/// How much some counters grew in the last minute: what they were is noted once a second.
class Recent {
 public:
  static constexpr std::size_t seconds = 60;
  static constexpr std::array counters{Counter::events_received, Counter::events_lost_before,
                                       Counter::events_lost_after, Counter::publishers_lost,
                                       Counter::store_left_out};
  using Values = std::array<std::uint64_t, counters.size()>;

  /// To be called in every round.
  void sample(const Counters& now_counted, SteadyTime now) noexcept {
    if (now < next_) return;
    next_ = now + std::chrono::seconds(1);
    notes_[noted_++ % notes_.size()] = {now, values_of(now_counted)};
  }

  /// In the order of `counters`. Before the first minute is over, since the start.
  [[nodiscard]] Values growth(const Counters& now_counted, SteadyTime now) const noexcept {
    Values growth = values_of(now_counted);
    const Values then = values_before(now - std::chrono::seconds(seconds));
    for (std::size_t i = 0; i < growth.size(); ++i) growth[i] -= then[i];
    return growth;
  }

 private:
  struct Note {
    SteadyTime at{};
    Values values{};
  };

  [[nodiscard]] static Values values_of(const Counters& of) noexcept {
    Values values{};
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = of.get(counters[i]);
    return values;
  }
  /// As they were at `time`, or as soon after it as was noted; when nothing is so old, 0.
  [[nodiscard]] Values values_before(SteadyTime time) const noexcept {
    if (noted_ < notes_.size() && (noted_ == 0 || notes_[0].at > time)) return {};
    const Note* oldest = nullptr;
    for (const Note& note : notes_) {
      if (note.at < time || note.at == SteadyTime{}) continue;
      if (oldest == nullptr || note.at < oldest->at) oldest = &note;
    }
    return oldest == nullptr ? notes_[(noted_ - 1) % notes_.size()].values : oldest->values;
  }

  std::array<Note, seconds + 2> notes_{};
  std::size_t noted_ = 0;
  SteadyTime next_{};
};

}  // namespace zevi::broker

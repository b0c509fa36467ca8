#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/clock.hpp"
#include "zevi/broker.hpp"

namespace zevi::broker {

/// What subscribers want, over all endpoints, and what the history keeps, as publishers are told of it. A
/// prefix stays for `linger` after its last subscriber left; each change that publishers have to hear of
/// makes a new generation, at most one in 10 ms.
class InterestTable {
 public:
  /// Generations count up from `first_generation`. A broker that starts later must begin with a higher one,
  /// or a publisher's confirmation of the old broker's interest would pass for the new one's.
  /// `kept` is what the history keeps, and so wants without any subscriber.
  InterestTable(std::chrono::milliseconds linger, std::uint64_t first_generation,
                std::vector<HistoryLimit> kept = {})
      : linger_(linger), kept_(std::move(kept)), generation_(first_generation - 1) {}

  void set_linger(std::chrono::milliseconds linger) noexcept { linger_ = linger; }
  /// What the history keeps from now on.
  void set_kept(std::vector<HistoryLimit> kept) {
    kept_ = std::move(kept);
    changed_ = true;
  }

  void subscribe(std::string_view prefix);
  void unsubscribe(std::string_view prefix, SteadyTime now);

  /// Forgets what lingered long enough, and, if anything changed and the last generation is old enough, makes
  /// a new one. True if it did: `frame()` is then to be sent to every publisher.
  [[nodiscard]] bool renew(SteadyTime now);

  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }
  /// The generation that holds every subscription made so far.
  [[nodiscard]] std::uint64_t generation_due() const noexcept { return generation_ + (changed_ ? 1 : 0); }
  /// False until the first `renew` of a broker that just started.
  [[nodiscard]] bool generation_known() const noexcept { return !frame_.empty(); }
  /// The `interest` message of the current generation.
  [[nodiscard]] const std::string& frame() const noexcept { return frame_; }
  /// When `renew` has something to do.
  [[nodiscard]] SteadyTime deadline() const noexcept;

  struct Prefix {
    std::uint64_t subscribers = 0;  ///< at all endpoints; 0: it lingers
    SteadyTime forget_at = SteadyTime::max();
  };
  [[nodiscard]] const std::map<std::string, Prefix, std::less<>>& prefixes() const noexcept {
    return prefixes_;
  }

 private:
  static constexpr std::chrono::milliseconds generation_interval{10};

  void forget_expired(SteadyTime now);
  void encode_frame();

  std::chrono::milliseconds linger_;
  std::vector<HistoryLimit> kept_;
  std::map<std::string, Prefix, std::less<>> prefixes_;
  SteadyTime next_expiry_ = SteadyTime::max();
  SteadyTime next_generation_{};
  std::uint64_t generation_;
  bool changed_ = true;  // the first generation is due from the start, empty as it may be
  std::string frame_;
};

}  // namespace zevi::broker

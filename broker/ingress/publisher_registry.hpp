#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "publisher_events.hpp"
#include "runtime/string_map.hpp"
#include "zevi/limits.hpp"

namespace zevi::broker {

/// Publishers by their id, and which connection each speaks through.
class PublisherRegistry {
 public:
  /// Publishers that ended are forgotten after `keep_ended`, or earlier when there are more than `ended_max`.
  static constexpr std::chrono::hours keep_ended{1};
  static constexpr std::size_t ended_max = 16'384;

  /// The publisher that said hello on this connection, or null.
  [[nodiscard]] Publisher* by_connection(std::string_view routing_id) const;
  [[nodiscard]] Publisher* by_id(std::uint64_t id) const;
  /// All that are known, those that ended too.
  [[nodiscard]] const std::map<std::uint64_t, std::unique_ptr<Publisher>>& by_id() const noexcept {
    return by_id_;
  }
  [[nodiscard]] std::size_t live() const {
    std::size_t count = 0;
    for_each_live([&count](const Publisher&) { ++count; });
    return count;
  }

  Publisher& add(std::shared_ptr<const PublisherName> name, SteadyTime now);
  /// One that an earlier broker knew and whose batches up to `s` it had dealt with.
  Publisher& restore(std::shared_ptr<const PublisherName> name, std::uint64_t s, bool may_have_lost,
                     SteadyTime now);
  /// From now on `publisher` speaks through this connection.
  void attach(Publisher& publisher, std::string_view routing_id);
  void end(Publisher& publisher);

  /// Live publishers whose confirmed generation is lower than this.
  [[nodiscard]] std::uint64_t unconfirmed(std::uint64_t generation) const;

  /// A publisher that missed a beat for so long is looked for on this machine.
  static constexpr std::chrono::milliseconds look_after{1250};

  /// Calls `on_down(publisher, reason)` for each live one that was not heard for `limits::silence_max`, or
  /// for `look_after` and of which `is_gone(publisher)` holds, and forgets those that ended long ago, with
  /// `on_forgotten(id)`. Cheap to call in every round.
  template <typename IsGone, typename OnDown>
  void expire(SteadyTime now, IsGone is_gone, OnDown on_down,
              const std::function<void(std::uint64_t)>& on_forgotten = {}) {
    if (now < next_expiry_) return;
    next_expiry_ = now + expiry_interval;
    for (const auto& [id, publisher] : by_id_) {
      const auto silence = now - publisher->last_seen;
      if (!publisher->live || silence < look_after) continue;
      const bool is_silent = silence >= limits::silence_max;
      if (!is_silent && !is_gone(*publisher)) continue;
      publisher->live = false;
      publisher->ended = is_silent ? "silent" : "gone";
      on_down(*publisher, is_silent ? DownReason::silent : DownReason::gone);
    }
    forget_ended(now, on_forgotten);
  }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& [id, publisher] : by_id_) visit(*publisher);
  }
  template <typename Visit>
  void for_each_live(Visit visit) const {
    for (const auto& [id, publisher] : by_id_) {
      if (publisher->live) visit(*publisher);
    }
  }

 private:
  static constexpr std::chrono::milliseconds expiry_interval{250};

  void forget_ended(SteadyTime now, const std::function<void(std::uint64_t)>& on_forgotten);

  std::map<std::uint64_t, std::unique_ptr<Publisher>> by_id_;
  StringMap<Publisher*> by_connection_;
  SteadyTime next_expiry_{};
};

}  // namespace zevi::broker

#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ingress/publisher_events.hpp"
#include "memory/memory_health.hpp"
#include "metrics/counters.hpp"
#include "runtime/allowance.hpp"
#include "sequencing/sequencer.hpp"
#include "store/store_health.hpp"
#include "topics/topic_registry.hpp"

namespace zevi::broker {

/// The events that the broker publishes itself: publishers that come and go, what they drop, what is refused
/// of them, a store that fails, and memory at its limit. They are numbered, kept and delivered like all
/// others, with the broker as their publisher.
///
/// What is dropped and refused is gathered: a topic's, or a publisher's, is told at once, and what follows a
/// second later. All together are limited, so that publishers that come and go by thousands are no flood:
/// beyond that, one that comes or goes has a number and no event, and so is lost before the broker (`l`) like
/// what any other publisher drops. Nothing that befalls these events themselves makes further ones.
///
/// Belongs to the routing thread.
class Notices : public PublisherEvents {
 public:
  /// Events a second, and as many at once.
  static constexpr std::uint32_t per_second_max = 200;
  static constexpr std::chrono::seconds gather{1};
  /// A store whose disk fails again and again is told less often, and so is memory.
  static constexpr std::uint32_t of_one_per_minute_max = 4;

  Notices(std::uint64_t broker_id, TopicRegistry& topics, Sequencer& sequencer, Counters& counters);

  void up(const Publisher& publisher, bool again) override;
  void down(const Publisher& publisher, DownReason reason) override;
  void dropped(const Publisher& publisher, const Topic& topic, std::uint64_t events) override;
  void refused(const Publisher& publisher, std::string_view topic, std::uint64_t events,
               std::string_view reason) override;

  /// The store became degraded, or is no longer. Must be told each time.
  void store(const StoreHealth& health);

  /// The memory has come near its limit, or is below it again. Must be told each time.
  void memory(const MemoryHealth& health);

  /// Hands what is due to the sequencer. To be called in every round.
  void publish(const Now& now);
  /// When `publish` has something to do.
  [[nodiscard]] SteadyTime deadline() const noexcept { return next_; }

 private:
  using Name = std::shared_ptr<const PublisherName>;

  /// A topic of the broker's own.
  struct Own {
    Topic* topic = nullptr;
    std::uint64_t next_p = 1;
  };
  /// One that came or went.
  struct Change {
    Name name;
    bool is_up = false;
    bool again = false;
    DownReason reason = DownReason::bye;
    std::uint64_t events = 0;
    Losses losses;
  };
  struct Drops {
    SteadyTime next{};
    std::uint64_t count = 0;
    std::unordered_map<std::uint64_t, std::pair<Name, std::uint64_t>> by_publisher;
    [[nodiscard]] bool is_empty() const noexcept { return count == 0; }
  };
  struct Refusals {
    Name name;
    SteadyTime next{};
    std::uint64_t count = 0;
    std::uint64_t batches = 0;
    std::string topic;
    std::string reason;
    [[nodiscard]] bool is_empty() const noexcept { return batches == 0; }
  };

  void publish_changes(const Now& now);
  void publish_store(const Now& now);
  void publish_memory(const Now& now);
  [[nodiscard]] static bool may_tell(Allowance& of_one, const Now& now);
  void publish_drops(const Drops& drops, const Topic& topic, const Now& now);
  void publish_refusals(const Refusals& refusals, const Now& now);
  /// Publishes what is due of what is gathered: `publish` for each entry that holds something.
  template <typename Gathered, typename Publish>
  void publish_due(Gathered& gathered, const Now& now, Publish publish);
  void look_at(SteadyTime time) noexcept { next_ = std::min(next_, time); }

  template <typename Event>
  void publish_event(const Event& event, const Now& now);
  /// Passes over its number.
  template <typename Event>
  void lose_event();
  /// Null if the broker holds as many topics as it can.
  template <typename Event>
  [[nodiscard]] Own* own_topic();

  TopicRegistry& topics_;
  Sequencer& sequencer_;
  Counters& counters_;
  const Name self_;

  std::unordered_map<std::string_view, Own> own_;
  std::deque<Change> changes_;
  std::unordered_map<const Topic*, Drops> drops_;
  std::unordered_map<std::uint64_t, Refusals> refusals_;
  SteadyTime next_ = SteadyTime::max();
  SteadyTime next_scan_{};  ///< through what is gathered
  Allowance all_;

  StoreHealth store_;
  bool is_told_degraded_ = false;
  std::uint64_t left_out_ = 0;  ///< while it was degraded, not told yet
  Allowance of_store_;

  MemoryHealth memory_;
  bool is_told_overloaded_ = false;
  Allowance of_memory_;
};

}  // namespace zevi::broker

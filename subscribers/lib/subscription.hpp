#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "barrier.hpp"
#include "connection.hpp"
#include "frames.hpp"
#include "topic_filters.hpp"

namespace zevi::subscriber {

/// What is subscribed to, at the broker's main endpoint and at the routes that it names there, and whether
/// all of it is live.
class Subscription {
 public:
  /// The broker answers within 200 ms of having the question; a later answer is more likely lost than late.
  static constexpr std::chrono::seconds ask_again{1};

  /// Subscribes and begins to connect. `filters` outlives it.
  Subscription(const SubscriberOptions& options, const TopicFilters& filters);

  [[nodiscard]] Connection& connection() noexcept { return connection_; }
  [[nodiscard]] const Connection& connection() const noexcept { return connection_; }

  /// Takes note of what happened to the connections. True if one was lost.
  [[nodiscard]] bool note_connection();
  /// What the broker says, if the message answers one of our questions.
  [[nodiscard]] std::optional<wire::Ready> take_answer(const Frames& frames);
  /// Asks again. Routes that have not answered, though the main endpoint has, are waited for no longer.
  void repeat_question();
  [[nodiscard]] bool is_time_to_ask_again(Clock::time_point now) const noexcept {
    return now >= ask_again_at();
  }
  [[nodiscard]] Clock::time_point ask_again_at() const noexcept { return asked_ + ask_again; }

  /// How many publishers had not confirmed; nothing unless all is live.
  [[nodiscard]] std::optional<std::uint64_t> unconfirmed() const noexcept { return barrier_.unconfirmed(); }
  /// Of the broker at the main endpoint; 0 while nobody has answered there.
  [[nodiscard]] std::uint64_t epoch() const noexcept { return barrier_.epoch().value_or(0); }
  [[nodiscard]] std::size_t silent_routes() const noexcept { return barrier_.silent_routes(); }

 private:
  void ask();
  void drop_old_questions();
  void follow(const std::vector<wire::RouteAt>& routes);

  const TopicFilters& filters_;
  Connection connection_;
  Barrier barrier_;
  Clock::time_point asked_{};
};

}  // namespace zevi::subscriber

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "zevi/wire/subscriber_messages.hpp"

namespace zevi::subscriber {

/// Which barriers were asked for, and what the broker said at its main endpoint and at the routes that have
/// to answer as well. A question is a subscription to `~ready.` and a random number. The last one stays
/// subscribed: libzmq repeats it at each reconnect, behind all topics, and the broker answers it again.
class Barrier {
 public:
  struct Route {
    std::string prefix;
    std::string endpoint;
    bool operator==(const Route&) const = default;
  };

  /// The topic to subscribe to for a new question.
  [[nodiscard]] std::string ask();
  /// Takes the broker's word if it answers any of the questions.
  [[nodiscard]] bool answer(std::string_view topic, const wire::Ready& ready);
  /// These have to answer as well, and no others.
  void await(const std::vector<Route>& routes);
  /// Those that have not answered are waited for no longer, until they are lost again or the main endpoint
  /// is.
  void give_up_routes() noexcept;
  /// The connection to the main endpoint, or to that of a route, is gone, and with it what was live.
  void lose() noexcept;
  void lose_route(std::string_view endpoint) noexcept;

  /// The epoch of the broker that the main endpoint has answered for; nothing while it has not.
  [[nodiscard]] std::optional<std::uint64_t> epoch() const noexcept;
  /// How many publishers had not confirmed; nothing while an answer is missing.
  [[nodiscard]] std::optional<std::uint64_t> unconfirmed() const noexcept;
  /// How many routes are waited for no longer though they have not answered.
  [[nodiscard]] std::size_t silent_routes() const noexcept;
  [[nodiscard]] std::size_t question_count() const noexcept { return questions_.size(); }
  /// Questions that are no longer needed, to be unsubscribed from.
  [[nodiscard]] std::vector<std::string> take_old_questions();

 private:
  struct Answer {
    std::uint64_t epoch = 0;
    std::uint64_t unconfirmed = 0;
  };
  struct AwaitedRoute {
    Route route;
    std::optional<Answer> answer{};
    bool is_given_up = false;
  };

  /// One of the broker that the main endpoint belongs to.
  [[nodiscard]] bool has_answered(const AwaitedRoute& route) const noexcept;

  std::vector<std::string> questions_;
  std::optional<Answer> main_;
  std::vector<AwaitedRoute> routes_;
};

}  // namespace zevi::subscriber

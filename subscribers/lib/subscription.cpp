#include "subscription.hpp"

#include <string>

namespace zevi::subscriber {

namespace {

/// Questions that are open at once; the broker charges every subscription to the peer that made it.
constexpr std::size_t questions_max = 8;

}  // namespace

Subscription::Subscription(const SubscriberOptions& options, const TopicFilters& filters)
    : filters_(filters), connection_(options) {
  for (const TopicFilter& filter : filters_) connection_.subscribe(filter.prefix());
  ask();
  connection_.open();
}

void Subscription::ask() {
  connection_.subscribe(barrier_.ask());
  asked_ = Clock::now();
}

/// The old question stays subscribed until there is an answer to either, unless there are many.
void Subscription::repeat_question() {
  asked_ = Clock::now();
  if (!connection_.connected()) return;  // the connection will bring the question along
  ask();
  if (barrier_.question_count() > questions_max) drop_old_questions();
  // A route may have its own list of who may connect, and what others bring does not wait for it.
  if (barrier_.epoch()) barrier_.give_up_routes();
}

void Subscription::drop_old_questions() {
  for (const std::string& question : barrier_.take_old_questions()) connection_.unsubscribe(question);
}

bool Subscription::note_connection() {
  bool was_lost = false;
  connection_.update([&](const std::string& endpoint) {
    was_lost = true;
    if (endpoint == connection_.endpoint()) {
      barrier_.lose();
    } else {
      barrier_.lose_route(endpoint);
    }
  });
  if (was_lost) asked_ = Clock::now();
  return was_lost;
}

/// Connects to the routes that may bring something.
void Subscription::follow(const std::vector<wire::RouteAt>& routes) {
  std::vector<Barrier::Route> awaited;
  std::vector<std::string> endpoints;
  for (const wire::RouteAt& route : routes) {
    if (!filters_.may_match_within(route.prefix) || !connection_.can_reach(route.endpoint)) continue;
    awaited.push_back({std::string(route.prefix), std::string(route.endpoint)});
    endpoints.emplace_back(route.endpoint);
  }
  barrier_.await(awaited);
  connection_.follow_routes(endpoints);
}

std::optional<wire::Ready> Subscription::take_answer(const Frames& frames) {
  wire::Ready ready;
  if (wire::decode(text_of(frames[2]), ready) != wire::DecodeError::none) return std::nullopt;
  if (!barrier_.answer(text_of(frames[0]), ready)) return std::nullopt;
  if (!ready.route) {
    follow(ready.routes);
    asked_ = Clock::now();
  }
  if (barrier_.unconfirmed()) drop_old_questions();
  return ready;
}

}  // namespace zevi::subscriber

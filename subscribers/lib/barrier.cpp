#include "barrier.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "zevi/random_id.hpp"
#include "zevi/topic.hpp"

namespace zevi::subscriber {

std::string Barrier::ask() {
  questions_.push_back(std::string(ready_topic_prefix) + std::to_string(random_id()));
  return questions_.back();
}

bool Barrier::answer(std::string_view topic, const wire::Ready& ready) {
  if (std::find(questions_.begin(), questions_.end(), topic) == questions_.end()) return false;
  const Answer answer{ready.b, ready.unconfirmed};
  if (!ready.route) {
    main_ = answer;
    return true;
  }
  for (AwaitedRoute& awaited : routes_) {
    if (awaited.route.prefix == *ready.route) awaited.answer = answer;
  }
  return true;
}

void Barrier::await(const std::vector<Route>& routes) {
  std::vector<AwaitedRoute> awaited;
  for (const Route& route : routes) {
    const auto known = std::find_if(routes_.begin(), routes_.end(),
                                    [&](const AwaitedRoute& other) { return other.route == route; });
    awaited.push_back(known == routes_.end() ? AwaitedRoute{route} : std::move(*known));
  }
  routes_ = std::move(awaited);
}

void Barrier::give_up_routes() noexcept {
  for (AwaitedRoute& awaited : routes_) awaited.is_given_up = !has_answered(awaited);
}

void Barrier::lose() noexcept {
  main_.reset();
  for (AwaitedRoute& awaited : routes_) awaited.is_given_up = false;
}

void Barrier::lose_route(std::string_view endpoint) noexcept {
  for (AwaitedRoute& awaited : routes_) {
    if (awaited.route.endpoint == endpoint) awaited = AwaitedRoute{awaited.route};
  }
}

bool Barrier::has_answered(const AwaitedRoute& awaited) const noexcept {
  return main_ && awaited.answer && awaited.answer->epoch == main_->epoch;
}

std::optional<std::uint64_t> Barrier::epoch() const noexcept {
  return main_ ? std::optional(main_->epoch) : std::nullopt;
}

std::optional<std::uint64_t> Barrier::unconfirmed() const noexcept {
  if (!main_) return std::nullopt;
  std::uint64_t most = main_->unconfirmed;
  for (const AwaitedRoute& awaited : routes_) {
    if (has_answered(awaited)) {
      most = std::max(most, awaited.answer->unconfirmed);
    } else if (!awaited.is_given_up) {
      return std::nullopt;
    }
  }
  return most;
}

std::size_t Barrier::silent_routes() const noexcept {
  return static_cast<std::size_t>(std::count_if(
      routes_.begin(), routes_.end(),
      [this](const AwaitedRoute& awaited) { return awaited.is_given_up && !has_answered(awaited); }));
}

std::vector<std::string> Barrier::take_old_questions() {
  if (questions_.size() < 2) return {};
  std::vector<std::string> old(std::make_move_iterator(questions_.begin()),
                               std::make_move_iterator(questions_.end() - 1));
  questions_.erase(questions_.begin(), questions_.end() - 1);
  return old;
}

}  // namespace zevi::subscriber

#include "figures.hpp"

#include <chrono>
#include <utility>

namespace zevi::broker {

namespace {

void add(TopicFigures& sum, const Topic& topic) {
  sum.events += topic.activity.events();
  sum.bytes += topic.activity.bytes();
  sum.lost_before += topic.lost_before;
  sum.lost_after += topic.lost_after;
}

}  // namespace

void Figures::refresh(const TopicRegistry& topics, const PublisherRegistry& publishers, const Egress& egress,
                      const Now& now) {
  if (topics_max_ == 0 || now.steady < next_) return;
  next_ = now.steady + std::chrono::seconds(1);
  auto figures = std::make_shared<BrokerFigures>();
  figures->topics = topics.size();
  figures->publishers_live = publishers.live();
  figures->subscriptions_stream = egress.stream().subscriptions();
  figures->subscriptions_events = egress.events().subscriptions();
  figures->subscriptions_routes = egress.route_subscriptions();
  for (const Topic* const topic : topics.by_age()) {
    if (figures->by_topic.size() < topics_max_) {
      figures->by_topic.push_back({});
      figures->by_topic.back().topic = topic->name;
      add(figures->by_topic.back(), *topic);
    } else {
      add(figures->others, *topic);
    }
  }
  const std::lock_guard lock(mutex_);
  latest_ = std::move(figures);
}

std::shared_ptr<const BrokerFigures> Figures::latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

}  // namespace zevi::broker

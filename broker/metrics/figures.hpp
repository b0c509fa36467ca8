#pragma once

#include <cstddef>
#include <memory>
#include <mutex>

#include "egress/egress.hpp"
#include "ingress/publisher_registry.hpp"
#include "runtime/clock.hpp"
#include "topics/topic_registry.hpp"
#include "zevi/broker.hpp"

namespace zevi::broker {

/// What other threads may know of the routing thread's state: a copy, made once a second and then left alone,
/// so that nobody who reads it can hold up events.
class Figures {
 public:
  /// `topics_max` topics get figures of their own; 0: there are no figures at all.
  explicit Figures(std::size_t topics_max) : topics_max_(topics_max) {}

  /// To be called in every round by the routing thread.
  void refresh(const TopicRegistry& topics, const PublisherRegistry& publishers, const Egress& egress,
               const Now& now);

  /// The latest copy. Any thread.
  [[nodiscard]] std::shared_ptr<const BrokerFigures> latest() const;

 private:
  const std::size_t topics_max_;
  SteadyTime next_{};
  mutable std::mutex mutex_;  // held to exchange a pointer
  std::shared_ptr<const BrokerFigures> latest_ = std::make_shared<BrokerFigures>();
};

}  // namespace zevi::broker

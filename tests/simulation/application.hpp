#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "simulated_broker.hpp"
#include "zevi/subscriber/message.hpp"

namespace zevi::simulation {

/// What the application behind the subscriber has done, of which everything behind the last confirmation goes
/// when it is killed.
class Application {
 public:
  explicit Application(const Broker& broker) : broker_(broker) {}

  void take(const zevi::Message& message, std::uint64_t epoch) {
    Done done;
    if (const Event* const event = message.event()) {
      const EventName name{std::string(event->topic), event->id, event->p};
      const EventName* const real = broker_.find(event->epoch, name.topic, event->q);
      REQUIRE(real != nullptr);
      REQUIRE(*real == name);
      INFO(name.topic << " q " << event->q << " id " << name.id << " p " << name.p);
      REQUIRE(delivered.count(name) == 0);
      REQUIRE(told_with_broker.count(name) == 0);
      // In the order of its publisher.
      const auto later = delivered.upper_bound(name);
      const bool is_in_order = later == delivered.end() || later->topic != name.topic || later->id != name.id;
      REQUIRE(is_in_order);
      done.delivered.push_back(name);
    } else if (const Gap* const gap = message.gap()) {
      for (std::uint64_t q = gap->q_from; q <= gap->q_to; ++q) {
        const EventName* const real = broker_.find(epoch, std::string(gap->topic), q);
        INFO(describe(message));
        REQUIRE(real != nullptr);
        if (told_missing.count(*real) == 0) done.missing.push_back(*real);
      }
    } else if (const LostWithBroker* const lost = message.lost_with_broker()) {
      for (std::uint64_t p = lost->p_from; p <= lost->p_to; ++p) {
        const EventName name{std::string(lost->topic), lost->id, p};
        INFO(describe(message));
        REQUIRE(delivered.count(name) == 0);
        REQUIRE(told_with_broker.count(name) == 0);
        done.with_broker.push_back(name);
      }
    } else if (const LostBefore* const before = message.lost_before()) {
      done.lost_before = before->count;
    }
    delivered.insert(done.delivered.begin(), done.delivered.end());
    told_missing.insert(done.missing.begin(), done.missing.end());
    told_with_broker.insert(done.with_broker.begin(), done.with_broker.end());
    lost_before += done.lost_before;
    unconfirmed_.push_back(std::move(done));
  }

  void confirm() { unconfirmed_.clear(); }
  void confirm_all_but_last() {
    if (!unconfirmed_.empty()) unconfirmed_.erase(unconfirmed_.begin(), unconfirmed_.end() - 1);
  }
  void be_killed() {
    for (const Done& done : unconfirmed_) {
      for (const EventName& name : done.delivered) delivered.erase(name);
      for (const EventName& name : done.missing) told_missing.erase(name);
      for (const EventName& name : done.with_broker) told_with_broker.erase(name);
      lost_before -= done.lost_before;
    }
    unconfirmed_.clear();
  }

  std::set<EventName> delivered;
  std::set<EventName> told_missing;
  std::set<EventName> told_with_broker;
  std::uint64_t lost_before = 0;

 private:
  struct Done {
    std::vector<EventName> delivered;
    std::vector<EventName> missing;
    std::vector<EventName> with_broker;
    std::uint64_t lost_before = 0;
  };

  const Broker& broker_;
  std::vector<Done> unconfirmed_;
};

}  // namespace zevi::simulation

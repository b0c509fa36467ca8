#include "lanes.hpp"

#include <algorithm>
#include <utility>

namespace zevi::shim {

Lane* Lanes::add(Session& session) {
  auto lane = std::make_unique<Lane>(session);
  const std::lock_guard lock(mutex_);
  lanes_.push_back(std::move(lane));
  has_new_.store(true, std::memory_order_seq_cst);
  return lanes_.back().get();
}

Lanes::Totals Lanes::totals() const noexcept {
  const std::lock_guard lock(mutex_);
  Totals totals = of_ended_threads_;
  for (const auto& lane : lanes_) add_up(totals, *lane);
  return totals;
}

std::vector<Lane*> Lanes::list() {
  const std::lock_guard lock(mutex_);
  std::vector<Lane*> lanes;
  lanes.reserve(lanes_.size());
  for (const auto& lane : lanes_) lanes.push_back(lane.get());
  has_new_.store(false, std::memory_order_relaxed);
  return lanes;
}

void Lanes::remove(const Lane& lane) {
  const std::lock_guard lock(mutex_);
  const auto at =
      std::find_if(lanes_.begin(), lanes_.end(), [&](const auto& known) { return known.get() == &lane; });
  add_up(of_ended_threads_, **at);
  lanes_.erase(at);
}

void Lanes::add_up(Totals& totals, const Lane& lane) noexcept {
  totals.published += lane.published();
  totals.dropped += lane.dropped();
  totals.suppressed += lane.suppressed();
}

}  // namespace zevi::shim

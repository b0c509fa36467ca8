#include "lanes.hpp"

#include <algorithm>
#include <utility>

namespace zevi::shim {

Lane* Lanes::add(Session& session) {
  const std::lock_guard lock(mutex_);
  lanes_.reserve(lanes_.size() + 1);
  auto lane = std::make_unique<Lane>(session, take_counts());
  free_counts_.pop_back();
  lanes_.push_back(std::move(lane));
  has_new_.store(true, std::memory_order_seq_cst);
  return lanes_.back().get();
}

/// The last of the free ones.
TopicCounts& Lanes::take_counts() {
  if (free_counts_.empty()) {
    counts_.reserve(counts_.size() + 1);
    free_counts_.reserve(counts_.size() + 1);
    auto* const in_file = counters_file_ != nullptr ? counters_file_->add_thread() : nullptr;
    counts_.push_back(std::make_unique<TopicCounts>(in_file));
    free_counts_.push_back(counts_.back().get());
  }
  return *free_counts_.back();
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
  free_counts_.push_back(&lane.counts());
  lanes_.erase(at);
}

void Lanes::add_up(Totals& totals, const Lane& lane) noexcept {
  totals.published += lane.published();
  totals.dropped += lane.dropped();
  totals.suppressed += lane.suppressed();
}

}  // namespace zevi::shim

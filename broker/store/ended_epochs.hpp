#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>

#include "replay/replay_source.hpp"

namespace zevi::broker {

/// The epochs that ended without a word and are remembered, by their numbers.
class EndedEpochs {
 public:
  /// That many, the oldest being forgotten first.
  static constexpr std::size_t count_max = 64;

  void add(std::uint64_t epoch, const Topic& topic, std::uint64_t last_q) {
    epochs_[epoch].last_q_by_topic[&topic] = last_q;
  }
  void add(std::uint64_t epoch) { epochs_[epoch]; }
  [[nodiscard]] const ReplaySource::EndedEpoch* find(std::uint64_t epoch) const {
    const auto found = epochs_.find(epoch);
    return found == epochs_.end() ? nullptr : &found->second;
  }

 private:
  struct Epoch : ReplaySource::EndedEpoch {
    [[nodiscard]] std::uint64_t last_q(const Topic& topic) const override {
      const auto found = last_q_by_topic.find(&topic);
      return found == last_q_by_topic.end() ? 0 : found->second;
    }
    std::unordered_map<const Topic*, std::uint64_t> last_q_by_topic;
  };
  std::map<std::uint64_t, Epoch> epochs_;
};

}  // namespace zevi::broker

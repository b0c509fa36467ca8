#include "zevi/subscriber/message.hpp"

namespace zevi {

namespace {

std::string events(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " event" : " events");
}

std::string range(std::uint64_t from, std::uint64_t to) {
  return from == to ? std::to_string(from) : std::to_string(from) + ".." + std::to_string(to);
}

struct InWords {
  std::string operator()(const Event& event) const {
    return std::string(event.topic) + " (q " + std::to_string(event.q) + ")";
  }
  std::string operator()(const Gap& gap) const {
    return "lost " + events(gap.count()) + " of " + std::string(gap.topic) + " (q " +
           range(gap.q_from, gap.q_to) + ")";
  }
  std::string operator()(const LostBefore& lost) const {
    return events(lost.count) + " of " + std::string(lost.topic) + (lost.count == 1 ? " was" : " were") +
           " lost before the broker";
  }
  std::string operator()(const LostWithBroker& lost) const {
    return events(lost.count()) + " of " + std::string(lost.topic) + (lost.count() == 1 ? " was" : " were") +
           " lost with the broker (publisher " + std::to_string(lost.id) + ", p " +
           range(lost.p_from, lost.p_to) + ")";
  }
  std::string operator()(const EpochChanged&) const { return "the broker has begun a new numbering"; }
  std::string operator()(const HistoryMissing& missing) const {
    return "the history cannot be had, reading what is live: " + std::string(missing.reason);
  }
};

}  // namespace

std::string describe(const Message& message) {
  return std::visit(InWords{}, message.content());
}

}  // namespace zevi

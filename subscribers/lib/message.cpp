#include "zevi/subscriber/message.hpp"

namespace zevi {

namespace {

std::string events(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " event" : " events");
}

struct InWords {
  std::string operator()(const Event& event) const {
    return std::string(event.topic) + " (q " + std::to_string(event.q) + ")";
  }
  std::string operator()(const Gap& gap) const {
    std::string range = std::to_string(gap.q_from);
    if (gap.q_to != gap.q_from) range += ".." + std::to_string(gap.q_to);
    return "lost " + events(gap.count()) + " of " + std::string(gap.topic) + " (q " + range + ")";
  }
  std::string operator()(const LostBefore& lost) const {
    return events(lost.count) + " of " + std::string(lost.topic) + (lost.count == 1 ? " was" : " were") +
           " lost before the broker";
  }
  std::string operator()(const EpochChanged&) const {
    return "the broker has begun a new numbering; events around its restart may be missing";
  }
};

}  // namespace

std::string describe(const Message& message) {
  return std::visit(InWords{}, message.content());
}

}  // namespace zevi

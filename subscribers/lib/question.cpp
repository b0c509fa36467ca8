#include "question.hpp"

#include "zevi/wire/replay_messages.hpp"

namespace zevi::subscriber {

namespace {

std::vector<wire::TopicCount> counts(const std::map<std::string, std::uint64_t>& numbers) {
  std::vector<wire::TopicCount> out;
  out.reserve(numbers.size());
  for (const auto& [topic, number] : numbers) out.push_back({topic, number});
  return out;
}

}  // namespace

std::string encode(const Question& question, std::uint64_t number) {
  wire::ReplayRequest request;
  request.i = number;
  request.t.assign(question.topics.begin(), question.topics.end());
  if (question.from) request.from = counts(*question.from);
  request.to = counts(question.to);
  request.since = question.since_ns;
  request.last = question.last;
  request.b = question.epoch;
  std::string frame;
  wire::encode(request, frame);
  return frame;
}

}  // namespace zevi::subscriber

#include "question.hpp"

#include <algorithm>
#include <vector>

namespace zevi::broker {

namespace {

void sort(std::vector<wire::TopicCount>& counts) {
  std::stable_sort(counts.begin(), counts.end(),
                   [](const auto& left, const auto& right) { return left.topic < right.topic; });
}

const std::uint64_t* count_of(const std::vector<wire::TopicCount>& counts, std::string_view topic) noexcept {
  const auto at = std::partition_point(counts.begin(), counts.end(),
                                       [topic](const auto& count) { return count.topic < topic; });
  return at == counts.end() || at->topic != topic ? nullptr : &at->count;
}

}  // namespace

std::unique_ptr<Question> Question::read(std::string_view frame, wire::DecodeError& error) {
  auto question = std::unique_ptr<Question>(new Question(frame));
  wire::ReplayRequest& request = question->request_;
  wire::Kind kind{};
  error = wire::decode_kind(question->frame_, kind);
  if (error == wire::DecodeError::none && kind != wire::Kind::replay)
    error = wire::DecodeError::missing_field;
  if (error == wire::DecodeError::none) error = wire::decode(question->frame_, request);
  if (error != wire::DecodeError::none) return nullptr;
  if (request.from) sort(*request.from);
  sort(request.to);
  const std::size_t counts = (request.from ? request.from->size() : 0) + request.to.size();
  question->bytes_ = sizeof(Question) + frame.size() + counts * sizeof(wire::TopicCount) +
                     request.t.size() * sizeof(std::string_view);
  return question;
}

const std::uint64_t* Question::from(std::string_view topic) const noexcept {
  return request_.from ? count_of(*request_.from, topic) : nullptr;
}

const std::uint64_t* Question::to(std::string_view topic) const noexcept {
  return count_of(request_.to, topic);
}

}  // namespace zevi::broker

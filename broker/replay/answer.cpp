#include "answer.hpp"

#include <algorithm>
#include <functional>

#include "zevi/limits.hpp"
#include "zevi/topic.hpp"

namespace zevi::broker {

namespace {

/// Upper bounds of what stands in an end marker beside the topics' names.
constexpr std::size_t end_head_bytes = 256;
constexpr std::size_t next_bytes = 16;
constexpr std::size_t gone_bytes = 24;

}  // namespace

Answer::Answer(std::unique_ptr<Question> question, std::vector<const Topic*> topics, std::uint64_t epoch)
    : question_(std::move(question)), topics_(std::move(topics)), epoch_(epoch) {
  const std::uint64_t asked_epoch = question_->request().b;
  is_of_this_epoch_ = asked_epoch == 0 || asked_epoch == epoch;
  end_bytes_ = end_head_bytes;
  for (const Topic* const topic : topics_) end_bytes_ += topic->name.size() + next_bytes;
  places_.reserve(topics_.size());
}

std::string_view Answer::refusal() const noexcept {
  // Half is left for what may be gone.
  if (end_bytes_ > limits::replay_frame_bytes_max / 2) {
    return "more topics match than an answer can name: ask for fewer at a time";
  }
  return {};
}

bool Answer::prepare(ReplaySource& source, std::uint64_t now_ns, std::size_t topics_max) {
  for (; topics_max > 0 && places_.size() < topics_.size(); --topics_max) {
    places_.push_back(first_place(*topics_[places_.size()], source, now_ns));
    line_up(places_.size() - 1, source, now_ns);
  }
  return places_.size() == topics_.size();
}

Answer::Place Answer::first_place(const Topic& topic, ReplaySource& source, std::uint64_t now_ns) const {
  const wire::ReplayRequest& request = question_->request();
  const std::uint64_t end = topic.unsent_q;
  const std::uint64_t* const to = is_of_this_epoch_ ? question_->to(topic.name) : nullptr;
  Place place{&topic, end, to == nullptr ? end - 1 : std::min(*to, end - 1)};
  const auto begin_at = [&place](const StoredMessage* message) {
    if (message != nullptr) place.q = message->q;
  };
  if (request.last && *request.last == 0) return place;
  if (request.from) {
    const std::uint64_t* const from = is_of_this_epoch_ ? question_->from(topic.name) : nullptr;
    if (from != nullptr) {
      place.q = std::clamp<std::uint64_t>(*from, 1, end);
    } else {
      begin_at(source.find(topic, 1, now_ns));
    }
  } else if (request.since) {
    begin_at(source.find_since(topic, *request.since, now_ns));
  } else if (request.last) {
    const std::uint64_t q = end - std::min(*request.last, end - 1);
    const StoredMessage* const message = source.find(topic, q, now_ns);
    if (message != nullptr) place.q = std::max(q, message->q);
  } else {
    begin_at(source.find(topic, 1, now_ns));
  }
  return place;
}

void Answer::line_up(std::size_t index, ReplaySource& source, std::uint64_t now_ns) {
  Place& place = places_[index];
  if (place.q > place.to) return;
  const StoredMessage* const message = source.find(*place.topic, place.q, now_ns);
  if (message == nullptr || message->q > place.to) return cover_gone(place, place.to + 1);
  turns_.emplace_back(message->at, index);
  std::push_heap(turns_.begin(), turns_.end(), std::greater<>());
}

void Answer::cover_gone(Place& place, std::uint64_t end_q) {
  gone_count_ += end_q - place.q;
  const bool continues =
      !gone_.empty() && gone_.back().topic == place.topic->name && gone_.back().q_to + 1 == place.q;
  if (continues) {
    gone_.back().q_to = end_q - 1;
  } else {
    gone_.push_back({place.topic->name, place.q, end_q - 1});
    end_bytes_ += place.topic->name.size() + gone_bytes;
  }
  place.q = end_q;
}

void Answer::take_turn() {
  std::pop_heap(turns_.begin(), turns_.end(), std::greater<>());
  turns_.pop_back();
}

StoredMessage* Answer::peek(ReplaySource& source, std::uint64_t now_ns) {
  while (!turns_.empty()) {
    const Turn turn = turns_.front();
    const Place& place = places_[turn.second];
    StoredMessage* const message = source.find(*place.topic, place.q, now_ns);
    if (message == nullptr || message->q > place.to || message->at > turn.first) {
      // What was to come has left the history meanwhile.
      take_turn();
      line_up(turn.second, source, now_ns);
      continue;
    }
    const bool is_over_limit =
        body_bytes_ > 0 && body_bytes_ + message->body.size() > question_->request().limit_bytes;
    const bool is_end_full = end_bytes_ + topic_bytes_max + gone_bytes > limits::replay_frame_bytes_max;
    if (!is_over_limit && !is_end_full) return message;
    more_ = true;
    turns_.clear();
  }
  return nullptr;
}

void Answer::advance(ReplaySource& source, const StoredMessage& sent, std::uint64_t now_ns) {
  const std::size_t index = turns_.front().second;
  Place& place = places_[index];
  if (sent.q > place.q) cover_gone(place, sent.q);
  place.q = sent.end_q();
  body_bytes_ += sent.body.size();
  take_turn();
  line_up(index, source, now_ns);
}

wire::ReplayEnd Answer::end() const {
  wire::ReplayEnd end;
  end.i = question_->request().i;
  end.b = epoch_;
  end.next.reserve(places_.size());
  for (const Place& place : places_) end.next.push_back({place.topic->name, place.q});
  end.more = more_;
  end.gone = gone_;
  return end;
}

}  // namespace zevi::broker

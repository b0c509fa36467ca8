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

Answer::Answer(std::unique_ptr<Question> question, std::vector<const Topic*> topics, std::uint64_t epoch,
               const ReplaySource::EndedEpoch* ended)
    : question_(std::move(question)), topics_(std::move(topics)), epoch_(epoch) {
  const std::uint64_t asked_epoch = question_->request().b;
  const bool is_of_this_epoch = asked_epoch == 0 || asked_epoch == epoch;
  ended_ = is_of_this_epoch ? nullptr : ended;
  are_numbers_known_ = is_of_this_epoch || ended_ != nullptr;
  end_bytes_ = end_head_bytes;
  const std::size_t counts = ended_ == nullptr ? 1 : 2;
  for (const Topic* const topic : topics_) end_bytes_ += counts * (topic->name.size() + next_bytes);
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
  is_waiting_ = !line_up_again(source, now_ns);
  for (; !is_waiting_ && topics_max > 0 && places_.size() < topics_.size(); --topics_max) {
    Place place{topics_[places_.size()], 0, 0};
    is_waiting_ = !find_place(place, source, now_ns);
    if (is_waiting_) return false;
    places_.push_back(place);
    is_waiting_ = !line_up(places_.size() - 1, source, now_ns);
  }
  return !is_waiting_ && places_.size() == topics_.size();
}

bool Answer::find_place(Place& place, ReplaySource& source, std::uint64_t now_ns) {
  const wire::ReplayRequest& request = question_->request();
  const Topic& topic = *place.topic;
  const std::uint64_t end = topic.unsent_q;
  place.q = end;
  place.to = last_wanted(topic);
  if (request.last && *request.last == 0) return true;
  const std::uint64_t* const from =
      request.from && are_numbers_known_ ? question_->from(topic.name) : nullptr;
  if (from != nullptr) {
    place.q = std::clamp<std::uint64_t>(asked_q(topic, *from), 1, end);
    return true;
  }
  const bool is_by_count = !request.from && !request.since && request.last;
  const std::uint64_t first_q = is_by_count ? end - std::min(*request.last, end - 1) : 1;
  const Found found = !request.from && request.since ? source.find_since(topic, *request.since, now_ns)
                                                     : source.find(topic, first_q, now_ns);
  if (found.is_coming()) return false;
  if (found.message() != nullptr) {
    place.q = is_by_count ? std::max(first_q, found.message()->q) : found.message()->q;
  }
  return true;
}

std::uint64_t Answer::asked_q(const Topic& topic, std::uint64_t from) const {
  // Numbers that an ended epoch had beyond were never stored, and belong to other events now.
  return ended_ == nullptr ? from : std::min(from, ended_->last_q(topic) + 1);
}

std::uint64_t Answer::last_wanted(const Topic& topic) const {
  const std::uint64_t last = topic.unsent_q - 1;
  const std::uint64_t* const to = are_numbers_known_ ? question_->to(topic.name) : nullptr;
  if (to == nullptr) return last;
  return std::min({*to, last, ended_ == nullptr ? last : ended_->last_q(topic)});
}

bool Answer::line_up(std::size_t index, ReplaySource& source, std::uint64_t now_ns) {
  not_in_line_.reset();
  Place& place = places_[index];
  if (place.q > place.to) return true;
  const Found found = source.find(*place.topic, place.q, now_ns);
  if (found.is_coming()) {
    not_in_line_ = index;
    return false;
  }
  const StoredMessage* const message = found.message();
  if (message == nullptr || message->q > place.to) {
    cover_gone(place, place.to + 1);
    return true;
  }
  turns_.emplace_back(message->at, index);
  std::push_heap(turns_.begin(), turns_.end(), std::greater<>());
  return true;
}

bool Answer::line_up_again(ReplaySource& source, std::uint64_t now_ns) {
  return !not_in_line_ || line_up(*not_in_line_, source, now_ns);
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

Found Answer::peek(ReplaySource& source, std::uint64_t now_ns) {
  is_waiting_ = !line_up_again(source, now_ns);
  while (!is_waiting_ && !turns_.empty()) {
    const Turn turn = turns_.front();
    const Place& place = places_[turn.second];
    const Found found = source.find(*place.topic, place.q, now_ns);
    StoredMessage* const message = found.message();
    if (found.is_coming()) {
      is_waiting_ = true;
      break;
    }
    if (message == nullptr || message->q > place.to || message->at > turn.first) {
      // What was to come has left the history meanwhile.
      take_turn();
      is_waiting_ = !line_up(turn.second, source, now_ns);
      continue;
    }
    const bool is_over_limit =
        body_bytes_ > 0 && body_bytes_ + message->body.size() > question_->request().limit_bytes;
    const bool is_end_full = end_bytes_ + topic_bytes_max + gone_bytes > limits::replay_frame_bytes_max;
    if (!is_over_limit && !is_end_full) return message;
    more_ = true;
    turns_.clear();
  }
  return is_waiting_ ? Found::coming() : Found(nullptr);
}

void Answer::advance(ReplaySource& source, const StoredMessage& sent, std::uint64_t now_ns) {
  const std::size_t index = turns_.front().second;
  Place& place = places_[index];
  if (sent.q > place.q) cover_gone(place, sent.q);
  place.q = sent.end_q();
  body_bytes_ += sent.body.size();
  take_turn();
  is_waiting_ = !line_up(index, source, now_ns);
}

wire::ReplayEnd Answer::end() const {
  wire::ReplayEnd end;
  end.i = question_->request().i;
  end.b = epoch_;
  end.next.reserve(places_.size());
  for (const Place& place : places_) end.next.push_back({place.topic->name, place.q});
  end.more = more_;
  end.gone = gone_;
  if (ended_ == nullptr) return end;
  end.ended.emplace();
  for (const Place& place : places_) end.ended->push_back({place.topic->name, ended_->last_q(*place.topic)});
  return end;
}

}  // namespace zevi::broker

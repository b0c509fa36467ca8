#include "simulated_broker.hpp"

#include <algorithm>

#include "feed_messages.hpp"
#include "zevi/topic.hpp"
#include "zevi/wire/subscriber_messages.hpp"

namespace zevi::simulation {

std::optional<Message> Broker::take(const Batch& batch) {
  Topic& topic = topics_[batch.topic];
  std::uint64_t& highest = topic.highest[batch.id];
  if (std::max(highest, topic.kept[batch.id]) >= batch.p) return std::nullopt;
  // A publisher that has numbered for an earlier broker begins where it begins.
  if (highest != 0 || batch.is_first) topic.l += batch.p - highest - 1;
  highest = batch.p + batch.n - 1;
  Message message{.topic = batch.topic,
                  .epoch = epoch_,
                  .q = topic.next_q,
                  .n = batch.n,
                  .at = ++at_,
                  .header = {},
                  .body = test::body(batch.p, batch.n)};
  test::Batch numbers;
  numbers.epoch = epoch_;
  numbers.q = message.q;
  numbers.n = batch.n;
  numbers.l = topic.l;
  numbers.id = batch.id;
  numbers.p = batch.p;
  wire::encode(test::header(numbers), message.header);
  for (std::uint32_t i = 0; i < batch.n; ++i) {
    names_[{epoch_, batch.topic, topic.next_q + i}] = {batch.topic, batch.id, batch.p + i};
  }
  topic.next_q += batch.n;
  topic.history.push_back(message);
  return message;
}

void Broker::forget() {
  if (topics_.empty()) return;
  auto topic = topics_.begin();
  std::advance(topic, static_cast<std::ptrdiff_t>(random_() % topics_.size()));
  if (!topic->second.history.empty()) topic->second.history.pop_front();
}

void Broker::restart(Restart how) {
  if (how == Restart::clean) return;
  const std::uint64_t before = epoch_++;
  if (how == Restart::empty) {
    topics_.clear();
    ended_.clear();
    return;
  }
  for (auto& [name, topic] : topics_) {
    topic.l = 0;
    for (std::uint64_t lost = up_to(random_, 3); lost > 0 && !topic.history.empty(); --lost) {
      topic.next_q = topic.history.back().q;
      topic.history.pop_back();
    }
    topic.highest.clear();
    topic.kept.clear();
    for (std::uint64_t q = 1; q < topic.next_q; ++q) {
      // Numbers of earlier epochs are numbers of this one.
      const EventName event = names_.at({before, name, q});
      names_[{epoch_, name, q}] = event;
      topic.kept[event.id] = std::max(topic.kept[event.id], event.p);
    }
    ended_[before][name] = topic.next_q - 1;
  }
  // What ended earlier has not ended later than this.
  for (auto& [epoch, last] : ended_) {
    for (auto& [name, q] : last) q = std::min(q, topics_[name].next_q - 1);
  }
}

const EventName* Broker::find(std::uint64_t epoch, const std::string& topic, std::uint64_t q) const {
  const auto found = names_.find({epoch, topic, q});
  return found == names_.end() ? nullptr : &found->second;
}

namespace {

const std::uint64_t* find_count(const std::vector<wire::TopicCount>& counts, std::string_view topic) {
  for (const wire::TopicCount& count : counts) {
    if (count.topic == topic) return &count.count;
  }
  return nullptr;
}

}  // namespace

std::vector<std::vector<std::string>> Broker::answer(std::string_view question) const {
  wire::ReplayRequest request;
  if (wire::decode(question, request) != wire::DecodeError::none) return {};
  wire::ReplayEnd end;
  end.i = request.i;
  end.b = epoch_;
  const auto ended = ended_.find(request.b);
  const bool is_known = request.b == 0 || request.b == epoch_ || ended != ended_.end();
  if (request.b != 0 && request.b != epoch_ && ended != ended_.end()) end.ended.emplace();
  std::vector<const Message*> messages;
  std::map<std::string_view, std::uint64_t> next;
  for (const auto& [name, topic] : topics_) {
    const bool is_wanted =
        std::any_of(request.t.begin(), request.t.end(),
                    [&name = name](std::string_view filter) { return TopicFilter(filter).matches(name); });
    if (!is_wanted) continue;
    std::uint64_t q = topic.history.empty() ? topic.next_q : topic.history.front().q;
    if (request.last) q = std::max(q, topic.next_q - std::min(*request.last, topic.next_q - 1));
    const std::uint64_t* const from = request.from && is_known ? find_count(*request.from, name) : nullptr;
    if (from != nullptr) q = std::min(*from, topic.next_q);
    if (end.ended) {
      const auto last = ended->second.find(name);
      const std::uint64_t last_q = last == ended->second.end() ? 0 : last->second;
      end.ended->push_back({name, last_q});
      q = std::min(q, last_q + 1);
    }
    if (request.last && *request.last == 0) q = topic.next_q;
    const std::uint64_t* const to = find_count(request.to, name);
    const std::uint64_t stop = to == nullptr ? topic.next_q : std::min(*to + 1, topic.next_q);
    next[name] = std::max(q, stop);
    for (const Message& message : topic.history) {
      if (message.end_q() <= q || message.q >= stop) continue;
      if (message.q > q) end.gone.push_back({name, q, message.q - 1});
      messages.push_back(&message);
      q = message.end_q();
      next[name] = std::max(next[name], q);
    }
  }
  std::sort(messages.begin(), messages.end(), [](auto* a, auto* b) { return a->at < b->at; });
  const std::size_t limit = 3;
  std::vector<std::vector<std::string>> parts;
  std::string head;
  wire::encode(wire::StoredHead{request.i}, head);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Message& message = *messages[i];
    if (i < limit) {
      parts.push_back({head, message.topic, message.header, message.body});
    } else {
      end.more = true;
      next[message.topic] = std::min(next[message.topic], message.q);
    }
  }
  for (const auto& [name, q] : next) end.next.push_back({name, q});
  std::string last;
  wire::encode(end, last);
  parts.push_back({last});
  return parts;
}

}  // namespace zevi::simulation

#include "replay.hpp"

#include <algorithm>
#include <utility>

namespace zevi::broker {

namespace {

/// One round of the routing thread: about 100 us of its time.
constexpr std::size_t slice_messages = 64;
constexpr std::size_t slice_bytes = std::size_t{1} << 20U;
/// Of which each reader gets its share, but not less than this.
constexpr std::size_t turn_messages_min = 16;
/// Topics in which a place is found, as long as a message takes to be sent.
constexpr std::size_t topics_per_message = 16;
constexpr int questions_per_round = 64;

/// How long a reader's queue is left alone after it was found full. The first time that is about what libzmq
/// needs to empty it to a reader that reads.
constexpr std::chrono::microseconds pause_min{100};
constexpr std::chrono::microseconds pause_max{25'600};
/// Whoever waits for the disk is woken by it; this is for what the disk could not read.
constexpr std::chrono::milliseconds disk_pause{50};

}  // namespace

Replay::Replay(zmq::context_t& context, const Endpoint& endpoint, ReplaySource& source,
               const TopicRegistry& topics, std::uint64_t epoch, Counters& counters, Complaints& complaints)
    : socket_(context, endpoint),
      source_(source),
      topics_(topics),
      epoch_(epoch),
      counters_(counters),
      complaints_(complaints) {}

void Replay::do_work(const Now& now) {
  read_questions(now);
  counters_.set(Counter::replay_queued_bytes, all_queued_->load(std::memory_order_relaxed));
  if (turns_.empty()) return;
  Slice slice{slice_messages, slice_bytes};
  const std::size_t share = std::max(turn_messages_min, slice_messages / turns_.size());
  for (std::size_t left = turns_.size(); left > 0 && !slice.is_spent(); --left) {
    Reader& reader = *turns_.front();
    turns_.pop_front();
    if (now.steady < reader.retry_at) {
      turns_.push_back(&reader);
      continue;
    }
    Slice turn{std::min(slice.messages, share), slice.bytes};
    const std::size_t others_messages = slice.messages - turn.messages;
    const Progress progress = serve(reader, turn, now);
    slice = {others_messages + turn.messages, turn.bytes};
    switch (progress) {
      case Progress::paused:
        pause(reader, now);
        [[fallthrough]];
      case Progress::goes_on:
        turns_.push_back(&reader);
        break;
      case Progress::waits:
        reader.retry_at = now.steady + disk_pause;
        turns_.push_back(&reader);
        break;
      case Progress::left:
        counters_.add(Counter::replays_abandoned, reader.waiting.size() + 1);
        [[fallthrough]];
      case Progress::finished:
        leave_turns(reader);
        break;
    }
  }
  plan(now);
}

void Replay::wake() noexcept {
  for (Reader* const reader : turns_) {
    if (std::exchange(reader->is_waiting, false)) reader->retry_at = {};
  }
}

void Replay::plan(const Now& now) {
  next_work_ = SteadyTime::max();
  for (const Reader* const reader : turns_) next_work_ = std::min(next_work_, reader->retry_at);
  if (!turns_.empty()) next_work_ = std::max(next_work_, now.steady);
}

void Replay::read_questions(const Now& now) {
  for (int i = 0; i < questions_per_round; ++i) {
    if (!socket_.receive(incoming_)) return;
    receive(incoming_, now);
  }
}

void Replay::receive(ReplaySocket::Incoming& incoming, const Now& now) {
  const std::string& routing_id = incoming.routing_id;
  const std::string_view frame = incoming.frames.empty() ? "" : incoming.frames[0].to_string_view();
  const std::uint64_t i = wire::question_number(frame);
  // libzmq gives an identity that begins with a zero byte to every peer that chose none.
  if (!routing_id.starts_with('\0')) return refuse(routing_id, i, "a routing id of the reader's own");
  if (incoming.frames.size() != 1) return refuse(routing_id, i, "a question is one frame");
  wire::DecodeError error = wire::DecodeError::none;
  std::unique_ptr<Question> question = Question::read(frame, error);
  if (!question) return refuse(routing_id, i, wire::describe(error));
  const std::string_view peer = Gate::name_of_sender(incoming.frames[0]);
  if (const std::string_view refusal = refusal_of(peer, question->request()); !refusal.empty()) {
    return refuse(routing_id, i, refusal);
  }

  if (question_bytes_ + question->bytes() > question_bytes_max) {
    return refuse(routing_id, i, "the questions that wait fill 64 MiB: ask again later");
  }
  Reader& reader = reader_of(routing_id);
  reader.peer = peer;
  reader.connection = Connection(incoming.frames[0]);
  if (reader.waiting.size() >= questions_max) {
    return refuse(routing_id, i, "16 questions of this connection wait: ask when one is answered");
  }
  if (!reader.is_in_turns) {
    if (turns_.size() >= readers_max) {
      return refuse(routing_id, i, "256 readers are being answered: ask again later");
    }
    reader.is_in_turns = true;
    reader.last_progress = now.steady;
    turns_.push_back(&reader);
  }
  question_bytes_ += question->bytes();
  reader.waiting.push_back(std::move(question));
}

std::string_view Replay::refusal_of(std::string_view peer, const wire::ReplayRequest& request) {
  if (gate_ == nullptr) return {};
  const Permission& permission = gate_->permission(peer, Role::replay);
  if (!permission.is_given) return "the access list does not let it ask";
  for (std::string_view topic : request.t) {
    if (topic.ends_with('*')) topic.remove_suffix(1);
    if (!permission.covers(topic)) return "the access list does not let it ask for all of these topics";
  }
  return {};
}

void Replay::apply_access() {
  for (const auto& [routing_id, reader] : readers_) {
    if (!gate_->permission(reader->peer, Role::replay).is_given) reader->connection.shut_down();
  }
}

Replay::Reader& Replay::reader_of(const std::string& routing_id) {
  if (const auto found = readers_.find(routing_id); found != readers_.end()) return *found->second;
  std::erase_if(readers_, [](const auto& entry) {
    return !entry.second->is_in_turns && entry.second->queue.is_empty();
  });
  return *readers_.emplace(routing_id, std::make_unique<Reader>(routing_id, all_queued_)).first->second;
}

void Replay::refuse(std::string_view routing_id, std::uint64_t i, std::string_view reason) {
  counters_.add(Counter::replays_refused);
  complaints_.add("refused a question", "a reader", reason);
  wire::ReplayEnd end;
  end.i = i;
  end.b = epoch_;
  end.reason = reason;
  std::string frame;
  wire::encode(end, frame);
  // One that reads no answers needs no refusal either.
  static_cast<void>(socket_.send(routing_id, frame));
}

Replay::Progress Replay::serve(Reader& reader, Slice& turn, const Now& now) {
  const std::size_t messages_before = turn.messages;
  Sent sent = Sent::sent;
  bool is_finished = false;
  while (!is_finished && sent == Sent::sent && !turn.is_spent()) {
    if (!reader.answer) begin_next_answer(reader);
    if (reader.end.empty()) sent = send_messages(reader, turn, now);
    if (reader.is_waiting) break;
    if (sent != Sent::sent || reader.end.empty()) continue;
    sent = send_end(reader);
    if (sent != Sent::sent) continue;
    turn.spend(reader.end.size());
    finish_answer(reader);
    is_finished = reader.waiting.empty();
  }
  if (turn.messages != messages_before) {
    reader.last_progress = now.steady;
    reader.pause = pause_min;
  }
  if (is_finished) return Progress::finished;
  if (reader.is_waiting) {
    reader.last_progress = now.steady;
    return Progress::waits;
  }
  if (sent == Sent::left || now.steady - reader.last_progress > patience) return Progress::left;
  return sent == Sent::full ? Progress::paused : Progress::goes_on;
}

void Replay::begin_next_answer(Reader& reader) {
  std::unique_ptr<Question> question = std::move(reader.waiting.front());
  reader.waiting.pop_front();
  std::vector<const Topic*> topics = topics_.matching(question->request().t);
  if (gate_ != nullptr) {
    const Permission& permission = gate_->permission(reader.peer, Role::replay);
    std::erase_if(topics, [&](const Topic* topic) { return !permission.covers(topic->name); });
  }
  const std::uint64_t asked_epoch = question->request().b;
  reader.answer =
      std::make_unique<Answer>(std::move(question), std::move(topics), epoch_, source_.ended(asked_epoch));
  reader.is_prepared = false;
  const std::string_view refusal = reader.answer->refusal();
  if (refusal.empty()) return;
  counters_.add(Counter::replays_refused);
  wire::ReplayEnd end;
  end.i = reader.answer->question().request().i;
  end.b = epoch_;
  end.reason = refusal;
  wire::encode(end, reader.end);
}

Sent Replay::send_messages(Reader& reader, Slice& turn, const Now& now) {
  Answer& answer = *reader.answer;
  while (!reader.is_prepared) {
    if (turn.is_spent()) return Sent::sent;
    reader.is_prepared = answer.prepare(source_, now.realtime_ns, topics_per_message);
    reader.is_waiting = answer.is_waiting();
    if (reader.is_waiting) return Sent::sent;
    turn.spend(0);
  }
  head_.clear();
  wire::encode(wire::StoredHead{answer.question().request().i}, head_);
  while (!turn.is_spent()) {
    const Found next = answer.peek(source_, now.realtime_ns);
    reader.is_waiting = next.is_coming();
    if (reader.is_waiting) break;
    StoredMessage* const message = next.message();
    if (message == nullptr) {
      wire::encode(answer.end(), reader.end);
      break;
    }
    const auto sent = socket_.send(reader.routing_id, reader.queue, head_, answer.topic().name, *message);
    if (sent != Sent::sent) return sent;
    counters_.add(Counter::replay_events, message->n);
    turn.spend(message->body.size());
    answer.advance(source_, *message, now.realtime_ns);
  }
  return Sent::sent;
}

Sent Replay::send_end(Reader& reader) {
  const auto sent = socket_.send(reader.routing_id, reader.queue, reader.end);
  if (sent == Sent::sent && reader.answer->refusal().empty()) {
    counters_.add(Counter::replays);
    counters_.add(Counter::replay_gone, reader.answer->gone());
  }
  return sent;
}

void Replay::finish_answer(Reader& reader) {
  question_bytes_ -= reader.answer->question().bytes();
  reader.answer.reset();
  reader.end.clear();
}

void Replay::pause(Reader& reader, const Now& now) {
  reader.retry_at = now.steady + reader.pause;
  reader.pause = std::min(2 * reader.pause, pause_max);
}

void Replay::leave_turns(Reader& reader) {
  if (reader.answer) finish_answer(reader);
  for (const auto& question : reader.waiting) question_bytes_ -= question->bytes();
  reader.waiting.clear();
  reader.is_in_turns = false;
  reader.retry_at = {};
}

}  // namespace zevi::broker

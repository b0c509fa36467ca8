#include "control.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "zevi/topic.hpp"

namespace zevi::broker {

namespace {

constexpr int questions_per_round = 64;

struct Command {
  std::string_view name;
  List list;
};
constexpr std::array commands{
    Command{"stats", list_stats},           Command{"counters", list_counters},
    Command{"config", list_config},         Command{"topics", list_topics},
    Command{"publishers", list_publishers}, Command{"subscriptions", list_subscriptions},
    Command{"readers", list_readers},       Command{"losses", list_losses}};

}  // namespace

Control::Control(zmq::context_t& context, const Endpoint& endpoint, const Sources& sources,
                 TopicRegistry& topics, LossLedger& ledger, Counters& counters, Complaints& complaints)
    : socket_(context, endpoint),
      sources_(sources),
      topics_(topics),
      ledger_(ledger),
      counters_(counters),
      complaints_(complaints) {}

void Control::do_work(const Now& now) {
  read_questions(now);
  make_slice(now);
}

void Control::read_questions(const Now& now) {
  for (int i = 0; i < questions_per_round; ++i) {
    if (!socket_.receive(routing_id_, frames_)) return;
    // libzmq gives an identity that begins with a zero byte to every peer that chose none.
    if (!routing_id_.starts_with('\0')) {
      answer_without_rows("", 0, "a routing id of the asker's own", now);
    } else if (frames_.size() != 1) {
      answer_without_rows("", 0, "a question is one frame", now);
    } else {
      receive(frames_[0], now);
    }
  }
}

void Control::receive(const zmq::message_t& frame, const Now& now) {
  wire::ControlRequest request;
  const wire::DecodeError error = wire::decode(frame.to_string_view(), request);
  if (error != wire::DecodeError::none) {
    const std::string_view cmd = is_topic(request.cmd) ? request.cmd : std::string_view();
    return answer_without_rows(cmd, request.i, wire::describe(error), now);
  }
  const Permission permission =
      gate_ == nullptr ? Permission{true, {}} : gate_->permission(Gate::name_of_sender(frame), Role::control);
  if (!permission.is_given) {
    return answer_without_rows(request.cmd, request.i, "the access list does not let it ask", now);
  }
  if (request.cmd == "lost") {
    return answer_without_rows(request.cmd, request.i, take_in_loss(request, permission), now);
  }
  for (const Command& command : commands) {
    if (command.name != request.cmd) continue;
    if (const std::string_view refusal = refusal_of_more(routing_id_); !refusal.empty()) {
      return answer_without_rows(request.cmd, request.i, refusal, now);
    }
    waiting_.push_back({routing_id_, std::string(request.cmd), request.i, std::string(request.from),
                        request.rows_max, command.list, permission});
    return;
  }
  answer_without_rows(request.cmd, request.i,
                      "no such command: this broker knows stats, counters, config, topics, publishers, "
                      "subscriptions, readers, losses and lost",
                      now);
}

std::string_view Control::refusal_of_more(std::string_view routing_id) const {
  if (waiting_.size() >= questions_max) return "256 questions wait: ask again later";
  const auto of_one = std::count_if(waiting_.begin(), waiting_.end(), [routing_id](const Question& question) {
    return question.routing_id == routing_id;
  });
  if (static_cast<std::size_t>(of_one) < questions_of_one_max) return {};
  return "8 questions of this connection wait: ask when one is answered";
}

bool Control::is_kept_no_longer(const Topic& topic, std::uint64_t q) const {
  if (q == 0) return false;
  std::uint64_t first_q = sources_.history.held(topic).first_q;
  if (sources_.store != nullptr) {
    const std::uint64_t stored_q = sources_.store->index().held(topic).first_q;
    first_q = first_q == 0 || (stored_q != 0 && stored_q < first_q) ? stored_q : first_q;
  }
  return first_q == 0 || q < first_q;
}

std::string_view Control::take_in_loss(const wire::ControlRequest& request, const Permission& permission) {
  if (request.t.empty() || request.n == 0) return "a loss has a topic t and a number of events n";
  if (!permission.covers(request.t)) return "the access list has no such topic for it";
  Topic* const topic = topics_.find(request.t);
  if (topic == nullptr) return "no event of this topic has come";
  // More than there were cannot be lost; what a reader missed it can know by number alone.
  if (request.n >= topic->next_q || request.q > topic->next_q - request.n) {
    return "more events than there are numbers";
  }
  topic->lost_after += request.n;
  counters_.add(Counter::events_lost_after, request.n);
  ledger_.add_of_reader(request.src, request.pid, request.t, request.n,
                        is_kept_no_longer(*topic, request.q) ? request.n : 0);
  return {};
}

void Control::make_slice(const Now& now) {
  if (!work_) {
    if (waiting_.empty()) return;
    work_.emplace(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  Question& question = work_->question;
  work_->rows.begin_slice();
  const auto next = question.list(work_->rows, sources_, identity_, question.from, now);
  work_->rows.end_slice();
  if (next) question.from = *next;
  if (next && !work_->rows.is_full()) return;
  wire::ControlAnswer head;
  head.cmd = question.cmd;
  head.i = question.i;
  head.more = next.has_value();
  if (next) head.next = *next;
  answer(question.routing_id, head, work_->rows, now);
  counters_.add(Counter::control_answers);
  work_.reset();
}

void Control::answer(std::string_view routing_id, const wire::ControlAnswer& head, const Rows& rows,
                     const Now& now) {
  wire::ControlAnswer whole = head;
  whole.b = identity_.epoch;
  whole.at = now.realtime_ns;
  frame_.clear();
  wire::encode(whole, rows.count(), rows.bytes(), frame_);
  if (!socket_.send(routing_id, frame_)) counters_.add(Counter::control_unread);
}

void Control::answer_without_rows(std::string_view cmd, std::uint64_t i, std::string_view reason,
                                  const Now& now) {
  if (!reason.empty()) {
    counters_.add(Counter::control_refused);
    complaints_.add("refused a question at control", "a program", reason);
  }
  wire::ControlAnswer head;
  head.cmd = cmd.empty() ? "unknown" : cmd;
  head.i = i;
  head.reason = reason;
  answer(routing_id_, head, Rows(0), now);
}

}  // namespace zevi::broker

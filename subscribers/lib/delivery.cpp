#include "delivery.hpp"

#include <algorithm>
#include <utility>

namespace zevi::subscriber {

void Delivery::begin_marks() {
  if (next_mark_ < marks_.size()) return;
  marks_.clear();
  next_mark_ = 0;
}

void Delivery::accept_epoch(std::uint64_t epoch) {
  begin_marks();
  if (const auto before = ledger_.enter_epoch(epoch)) {
    marks_.emplace_back(EpochChanged{*before, epoch});
    ++statistics_.epoch_changes;
  }
}

void Delivery::tell_gap(std::string_view topic, const Missing& missing) {
  marks_.emplace_back(Gap{topic, missing.from, missing.to});
  ++statistics_.gaps;
  statistics_.lost += missing.count();
  if (on_gap_) on_gap_(*marks_.back().gap());
}

/// False if nothing is to be read out of it.
bool Delivery::open(Frames&& frames) {
  begin_marks();
  is_open_ = false;
  given_ = Given::nothing;
  is_stored_ = false;
  is_late_ = false;
  if (!arrival_.open(std::move(frames), feed_)) {
    count_malformed();
    return false;
  }
  if (!filters_.match(arrival_.topic())) {
    ++statistics_.messages;
    ++statistics_.filtered;
    return false;
  }
  return true;
}

/// Takes the message that is open into the books.
void Delivery::enter(const Ledger::Entry& entry, std::uint64_t numbering, Clock::time_point now) {
  ++statistics_.messages;
  ++changes_;
  const wire::StreamHeader& header = arrival_.header();
  const std::string_view name = entry.name;
  topic_name_ = name;
  topic_ = &entry.topic;
  Finding finding;
  if (!is_late_) finding = topic_->enter(header.b, header.q, header.n, header.l, numbering);
  if (finding.gap_from != 0) tell_gap(name, {finding.gap_from, finding.gap_to});
  if (finding.lost_before != 0) {
    marks_.emplace_back(LostBefore{name, finding.lost_before});
    statistics_.lost_before += finding.lost_before;
  }
  is_open_ = true;
  now_ = now;
  q_ = header.q;
  first_new_q_ = header.q + finding.known;
  known_left_ = finding.known;
  run_ = 0;
  left_in_run_ = 0;
}

void Delivery::accept(Frames&& frames, Clock::time_point now) {
  if (!open(std::move(frames))) return;
  accept_epoch(arrival_.header().b);
  enter(ledger_.entry(arrival_.topic()), arrival_.header().b, now);
}

Delivery::Taken Delivery::take_live(Frames& frames, Clock::time_point now, bool may_repair) {
  if (!open(std::move(frames))) return Taken::yes;
  const wire::StreamHeader& header = arrival_.header();
  if (header.b != ledger_.epoch() && ledger_.epoch() != 0) {
    frames = arrival_.release();
    return Taken::of_other_epoch;
  }
  if (ledger_.epoch() == 0) accept_epoch(header.b);
  const Ledger::Entry entry = ledger_.entry(arrival_.topic());
  if (may_repair) {
    if (const auto missing = entry.topic.missing_before(header.b, header.q)) {
      hole_ = {std::string(entry.name), *missing};
      frames = arrival_.release();
      return Taken::behind_gap;
    }
  }
  enter(entry, header.b, now);
  return Taken::yes;
}

void Delivery::take_stored(Frames&& frames, Clock::time_point now) {
  if (!open(std::move(frames))) return;
  if (ledger_.epoch() == 0) accept_epoch(arrival_.header().b);
  enter(ledger_.entry(arrival_.topic()), ledger_.epoch(), now);
  is_stored_ = true;
}

void Delivery::take_late(Frames&& frames, Clock::time_point now) {
  if (!open(std::move(frames))) return;
  is_late_ = true;
  enter(ledger_.entry(arrival_.topic()), 0, now);
}

void Delivery::change_epoch(std::uint64_t epoch, const Ended* ended) {
  accept_epoch(epoch);
  ++changes_;
  ledger_.visit([&](const std::string& name, TopicLedger& topic) {
    std::uint64_t next = 1;
    if (ended != nullptr) {
      const auto end = ended->find(name);
      if (end != ended->end()) next = std::min(std::max<std::uint64_t>(topic.next_q(), 1), end->second + 1);
    }
    topic.move(epoch, next);
  });
}

void Delivery::catch_up_to(std::uint64_t epoch, const std::vector<wire::TopicCount>& next) {
  accept_epoch(epoch);
  ++changes_;
  for (const auto& [topic, q] : next) {
    if (!filters_.match(topic)) continue;
    const Ledger::Entry entry = ledger_.entry(topic);
    if (const auto missing = entry.topic.catch_up_to(epoch, q)) tell_gap(entry.name, *missing);
  }
}

void Delivery::tell_history_missing(std::string reason) {
  begin_marks();
  history_missing_ = std::move(reason);
  marks_.emplace_back(HistoryMissing{history_missing_});
  ++statistics_.history_missing;
}

const Message* Delivery::next() {
  if (next_mark_ < marks_.size()) {
    given_ = Given::mark;
    return &marks_[next_mark_++];
  }
  given_ = Given::nothing;
  if (!is_open_) return nullptr;
  const Message* const message = next_event();
  is_open_ = message != nullptr;
  return message;
}

void Delivery::tell_lost_with_broker(const Event& event, const RunFinding& finding) {
  begin_marks();
  const LostWithBroker lost{topic_name_, event.id, finding.lost_from, finding.lost_to};
  marks_.emplace_back(lost);
  statistics_.lost_with_broker += lost.count();
}

void Delivery::enter_run(Event& event) {
  const auto& runs = arrival_.header().r;
  while (left_in_run_ == 0 && run_ < runs.size()) {
    const wire::Run& run = runs[run_++];
    left_in_run_ = run.count;
    event = {.topic = topic_name_,
             .q = 0,
             .time_ns = 0,
             .src = run.src,
             .pid = run.pid,
             .host = run.host,
             .id = run.id,
             .p = run.p,
             .origin = run.origin,
             .epoch = arrival_.header().b,
             .params_raw = {}};
    // Those that are known by their q say nothing about what came from their publisher: they may be of before
    // the place where reading began.
    repeats_left_ = std::min(known_left_, run.count);
    known_left_ -= repeats_left_;
    is_run_entered_ = repeats_left_ < run.count && run.p != 0;
    if (is_run_entered_) {
      const RunFinding finding = topic_->enter_run(arrival_.header().b, run.id, run.p + repeats_left_,
                                                   run.count - repeats_left_, now_);
      p_before_run_ = finding.p_before;
      repeats_left_ += finding.known;
      if (finding.lost_from != 0) tell_lost_with_broker(event, finding);
    }
    if (is_stored_) statistics_.replayed += run.count - repeats_left_;
  }
}

const Message* Delivery::next_event() {
  Event& event = current_.event_in_place();
  for (;;) {
    if (left_in_run_ == 0) {
      enter_run(event);
      if (next_mark_ < marks_.size()) {
        given_ = Given::mark;
        return &marks_[next_mark_++];
      }
    }
    const wire::EntryPlace* const place = arrival_.next();
    if (place == nullptr) break;
    const wire::Run& run = arrival_.header().r[run_ - 1];
    event.p = run.p == 0 ? 0 : run.p + (run.count - left_in_run_);
    --left_in_run_;
    event.q = q_++;
    event.time_ns = place->time_ns;
    event.params_raw = arrival_.params(*place);
    if (repeats_left_ > 0) {
      --repeats_left_;
      ++statistics_.repeats;
      continue;
    }
    ++statistics_.events;
    given_ = Given::event;
    return &current_;
  }
  return nullptr;
}

}  // namespace zevi::subscriber

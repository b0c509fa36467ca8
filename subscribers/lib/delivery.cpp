#include "delivery.hpp"

#include <utility>

namespace zevi::subscriber {

void Delivery::begin_marks() {
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

void Delivery::add_marks(const Finding& finding) {
  if (finding.gap_from != 0) {
    const Gap gap{arrival_.topic(), finding.gap_from, finding.gap_to};
    marks_.emplace_back(gap);
    ++statistics_.gaps;
    statistics_.lost += gap.count();
  }
  if (finding.lost_before != 0) {
    marks_.emplace_back(LostBefore{arrival_.topic(), finding.lost_before});
    statistics_.lost_before += finding.lost_before;
  }
}

void Delivery::accept(Frames&& frames, Clock::time_point now) {
  begin_marks();
  ++statistics_.messages;
  is_open_ = arrival_.open(std::move(frames), feed_);
  if (!is_open_) {
    ++statistics_.malformed;
    return;
  }
  if (!filters_.match(arrival_.topic())) {
    ++statistics_.filtered;
    is_open_ = false;
    return;
  }
  const wire::StreamHeader& header = arrival_.header();
  accept_epoch(header.b);
  topic_ = &ledger_.topic(arrival_.topic());
  const Finding finding = topic_->enter(header.b, header.q, header.n, header.l);
  add_marks(finding);
  now_ = now;
  q_ = header.q;
  known_left_ = finding.known;
  run_ = 0;
  left_in_run_ = 0;
}

const Message* Delivery::next() {
  if (next_mark_ < marks_.size()) return &marks_[next_mark_++];
  if (!is_open_) return nullptr;
  const Message* const message = next_event();
  is_open_ = message != nullptr;
  return message;
}

void Delivery::enter_run(Event& event) {
  const auto& runs = arrival_.header().r;
  while (left_in_run_ == 0 && run_ < runs.size()) {
    const wire::Run& run = runs[run_++];
    left_in_run_ = run.count;
    repeats_left_ = topic_->repeats(run.id, run.p, run.count, now_);
    event = {.topic = arrival_.topic(),
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
  }
}

const Message* Delivery::next_event() {
  Event& event = current_.event_in_place();
  while (const wire::EntryPlace* const place = arrival_.next()) {
    if (left_in_run_ == 0) enter_run(event);
    const wire::Run& run = arrival_.header().r[run_ - 1];
    event.p = run.p == 0 ? 0 : run.p + (run.count - left_in_run_);
    --left_in_run_;
    event.q = q_++;
    event.time_ns = place->time_ns;
    event.params_raw = arrival_.params(*place);
    const bool known = known_left_ > 0;
    const bool repeated = repeats_left_ > 0;
    if (known) --known_left_;
    if (repeated) --repeats_left_;
    if (known || repeated) {
      ++statistics_.repeats;
      continue;
    }
    ++statistics_.events;
    return &current_;
  }
  return nullptr;
}

}  // namespace zevi::subscriber

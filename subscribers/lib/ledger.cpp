#include "ledger.hpp"

#include <algorithm>
#include <utility>

namespace zevi::subscriber {

namespace {

// A publisher sends again what was not acknowledged, which it does within seconds of finding a broker; an
// hour covers a broker that was away for long.
constexpr std::chrono::hours remembered{1};

}  // namespace

Finding TopicLedger::enter(std::uint64_t epoch, std::uint64_t q, std::uint32_t n, std::uint64_t l,
                           std::uint64_t numbering) noexcept {
  Finding finding;
  if (next_q_ == 0) {
    // Whoever sees a topic from its first event on can judge all that was lost; anyone else begins here.
    lost_before_ = q == 1 ? 0 : l;
    lost_before_epoch_ = epoch;
    was_read_from_first_ = q == 1;
    next_q_ = q;
    numbering_ = numbering;
  } else if (numbering_ == 0) {
    numbering_ = numbering;
  } else if (numbering != numbering_) {
    numbering_ = numbering;
    next_q_ = q;
    lost_before_ = 0;
    lost_before_epoch_ = epoch;
  }
  if (first_may_be_behind_) {
    first_may_be_behind_ = false;
    next_q_ = std::max(next_q_, q);
  }
  if (q > next_q_) {
    finding.gap_from = next_q_;
    finding.gap_to = q - 1;
    gaps_ += q - next_q_;
  } else {
    finding.known = static_cast<std::uint32_t>(std::min<std::uint64_t>(n, next_q_ - q));
  }
  next_q_ = std::max(next_q_, q + n);
  // A message that was here before may be of an earlier epoch, whose count says nothing now.
  if (finding.known < n) count_lost_before(epoch, l, finding);
  return finding;
}

void TopicLedger::count_lost_before(std::uint64_t epoch, std::uint64_t l, Finding& finding) noexcept {
  if (!lost_before_) {
    lost_before_ = l;
    lost_before_epoch_ = epoch;
  } else if (epoch != lost_before_epoch_) {
    lost_before_ = 0;
    lost_before_epoch_ = epoch;
    lost_before_explained_ = 0;
  }
  if (l > *lost_before_) finding.lost_before = l - *std::exchange(lost_before_, l);
}

TopicLedger::Publisher& TopicLedger::publisher(std::uint64_t id, Clock::time_point now) {
  if (turned_ == Clock::time_point{}) turned_ = now;
  if (now - turned_ >= remembered) {
    has_forgotten_ = has_forgotten_ || !older_.empty();
    older_ = std::exchange(recent_, {});
    last_publisher_ = nullptr;
    turned_ = now;
  }
  if (last_publisher_ != nullptr && id == last_id_) return *last_publisher_;
  const auto [found, is_new] = recent_.try_emplace(id);
  if (is_new) {
    if (const auto before = older_.find(id); before != older_.end()) found->second = before->second;
  }
  last_id_ = id;
  last_publisher_ = &found->second;
  return found->second;
}

RunFinding TopicLedger::enter_run(std::uint64_t epoch, std::uint64_t id, std::uint64_t p, std::uint32_t count,
                                  Clock::time_point now) {
  RunFinding finding;
  if (p == 0 || count == 0) return finding;
  Publisher& seen = publisher(id, now);
  finding.p_before = seen.p;
  if (p > seen.p + 1) note_jump(seen, epoch, p, finding);
  seen.epoch = epoch;
  if (seen.p >= p) {
    finding.known = static_cast<std::uint32_t>(std::min<std::uint64_t>(count, seen.p - p + 1));
  }
  seen.p = std::max(seen.p, p + count - 1);
  seen.gaps = gaps_;
  return finding;
}

/// Numbers of a publisher are missing. What was told as missing by its q or by l may be the same events; each
/// is told once.
void TopicLedger::note_jump(const Publisher& seen, std::uint64_t epoch, std::uint64_t p,
                            RunFinding& finding) noexcept {
  const bool is_new = seen.p == 0;
  std::uint64_t missing = p - seen.p - 1;
  const std::uint64_t in_gaps = std::min({missing, gaps_ - seen.gaps, gaps_ - gaps_explained_});
  gaps_explained_ += in_gaps;
  missing -= in_gaps;
  // Within an epoch the broker has counted the others, and so it may have for a publisher that is new.
  const bool is_counted = !is_new && epoch == seen.epoch;
  if (is_counted || is_new) {
    const std::uint64_t counted = lost_before_.value_or(0);
    const std::uint64_t in_lost_before =
        std::min(missing, counted - std::min(counted, lost_before_explained_));
    lost_before_explained_ += in_lost_before;
    missing -= in_lost_before;
  }
  if (is_counted || (is_new && !(was_read_from_first() && saw_epoch_change_))) return;
  if (missing == 0) return;
  finding.lost_from = p - missing;
  finding.lost_to = p - 1;
}

void TopicLedger::begin(std::uint64_t numbering, std::uint64_t q) noexcept {
  numbering_ = numbering;
  next_q_ = q;
  first_may_be_behind_ = false;
  lost_before_.reset();
  if (q == 1) lost_before_ = 0;
  lost_before_epoch_ = numbering;
}

void TopicLedger::begin_at_or_behind(std::uint64_t numbering, std::uint64_t q) noexcept {
  begin(numbering, q);
  first_may_be_behind_ = true;
}

void TopicLedger::begin_from_first(std::uint64_t numbering) noexcept {
  begin(numbering, 1);
  was_read_from_first_ = true;
}

void TopicLedger::move(std::uint64_t numbering, std::uint64_t q) noexcept {
  numbering_ = numbering;
  next_q_ = q;
  first_may_be_behind_ = false;
  if (!lost_before_ && q == 1) {
    lost_before_ = 0;
    lost_before_epoch_ = numbering;
  }
}

std::optional<Missing> TopicLedger::catch_up_to(std::uint64_t numbering, std::uint64_t q) noexcept {
  if (next_q_ == 0 || (numbering != numbering_ && numbering_ != 0)) {
    begin(numbering, q);
    return std::nullopt;
  }
  numbering_ = numbering;
  const auto missing = missing_before(numbering, q);
  if (missing) gaps_ += missing->count();
  next_q_ = std::max(next_q_, q);
  first_may_be_behind_ = false;
  return missing;
}

std::optional<std::uint64_t> Ledger::enter_epoch(std::uint64_t epoch) noexcept {
  const std::optional<std::uint64_t> before = std::exchange(epoch_, epoch);
  if (!before || before == epoch) return std::nullopt;
  note_epoch_change();
  return before;
}

void Ledger::note_epoch_change() noexcept {
  epoch_has_changed_ = true;
  for (auto& [name, topic] : topics_) topic.note_epoch_change();
}

Ledger::Entry Ledger::entry(std::string_view name) {
  auto found = topics_.find(name);
  if (found == topics_.end()) {
    found = topics_.try_emplace(std::string(name)).first;
    if (epoch_has_changed_) found->second.note_epoch_change();
    if (knows_all_topics_) found->second.begin_from_first(epoch());
  }
  return {found->first, found->second};
}

std::map<std::string, std::uint64_t> Ledger::positions() const {
  std::map<std::string, std::uint64_t> out;
  for (const auto& [name, topic] : topics_) {
    const bool is_of_this_epoch = topic.numbering() == epoch() || topic.numbering() == 0;
    if (topic.next_q() != 0 && is_of_this_epoch) out.emplace(name, topic.next_q());
  }
  return out;
}

}  // namespace zevi::subscriber

#include "ledger.hpp"

#include <algorithm>
#include <utility>

namespace zevi::subscriber {

namespace {

// A publisher sends again what was not acknowledged, which it does within seconds of finding a broker; an
// hour covers a broker that was away for long.
constexpr std::chrono::hours remembered{1};

}  // namespace

Finding TopicLedger::enter(std::uint64_t epoch, std::uint64_t q, std::uint32_t n, std::uint64_t l) noexcept {
  Finding finding;
  if (next_q_ == 0) {
    // Whoever sees a topic from its first event on can judge all that was lost; anyone else begins here.
    lost_before_ = q == 1 ? 0 : l;
    next_q_ = q;
    epoch_ = epoch;
  } else if (epoch != epoch_) {
    lost_before_ = 0;
    next_q_ = q;
    epoch_ = epoch;
  }
  if (q > next_q_) {
    finding.gap_from = next_q_;
    finding.gap_to = q - 1;
  } else {
    finding.known = static_cast<std::uint32_t>(std::min<std::uint64_t>(n, next_q_ - q));
  }
  next_q_ = std::max(next_q_, q + n);
  if (l > lost_before_) finding.lost_before = l - std::exchange(lost_before_, l);
  return finding;
}

std::uint64_t& TopicLedger::highest_number(std::uint64_t id, Clock::time_point now) {
  if (turned_ == Clock::time_point{}) turned_ = now;
  if (now - turned_ >= remembered) {
    older_ = std::exchange(recent_, {});
    last_number_ = nullptr;
    turned_ = now;
  }
  if (last_number_ != nullptr && id == last_id_) return *last_number_;
  const auto [found, is_new] = recent_.try_emplace(id, 0);
  if (is_new) {
    if (const auto before = older_.find(id); before != older_.end()) found->second = before->second;
  }
  last_id_ = id;
  last_number_ = &found->second;
  return found->second;
}

std::uint32_t TopicLedger::repeats(std::uint64_t id, std::uint64_t p, std::uint32_t count,
                                   Clock::time_point now) {
  if (p == 0 || count == 0) return 0;
  std::uint64_t& highest = highest_number(id, now);
  const std::uint64_t known = highest >= p ? std::min<std::uint64_t>(count, highest - p + 1) : 0;
  highest = std::max(highest, p + count - 1);
  return static_cast<std::uint32_t>(known);
}

std::optional<std::uint64_t> Ledger::enter_epoch(std::uint64_t epoch) noexcept {
  const std::optional<std::uint64_t> before = std::exchange(epoch_, epoch);
  if (before == epoch) return std::nullopt;
  return before;
}

TopicLedger& Ledger::topic(std::string_view name) {
  if (const auto found = topics_.find(name); found != topics_.end()) return found->second;
  return topics_.try_emplace(std::string(name)).first->second;
}

}  // namespace zevi::subscriber

#include "interest_table.hpp"

#include <algorithm>

#include "zevi/limits.hpp"
#include "zevi/wire/broker_messages.hpp"

namespace zevi::broker {

void InterestTable::subscribe(std::string_view prefix) {
  auto found = prefixes_.find(prefix);
  if (found == prefixes_.end()) {
    found = prefixes_.emplace(std::string(prefix), Prefix{}).first;
    changed_ = true;
  }
  ++found->second.subscribers;
  found->second.forget_at = SteadyTime::max();
}

void InterestTable::unsubscribe(std::string_view prefix, SteadyTime now) {
  const auto found = prefixes_.find(prefix);
  if (found == prefixes_.end() || found->second.subscribers == 0) return;
  if (--found->second.subscribers > 0) return;
  found->second.forget_at = now + linger_;
  next_expiry_ = std::min(next_expiry_, found->second.forget_at);
}

void InterestTable::forget_expired(SteadyTime now) {
  if (now < next_expiry_) return;
  next_expiry_ = SteadyTime::max();
  for (auto at = prefixes_.begin(); at != prefixes_.end();) {
    if (at->second.forget_at <= now) {
      at = prefixes_.erase(at);
      changed_ = true;
    } else {
      next_expiry_ = std::min(next_expiry_, at->second.forget_at);
      ++at;
    }
  }
}

bool InterestTable::renew(SteadyTime now) {
  forget_expired(now);
  if (!changed_ || now < next_generation_) return false;
  changed_ = false;
  next_generation_ = now + generation_interval;
  ++generation_;
  encode_frame();
  return true;
}

SteadyTime InterestTable::deadline() const noexcept {
  return changed_ ? std::min(next_generation_, next_expiry_) : next_expiry_;
}

void InterestTable::encode_frame() {
  wire::Interest interest;
  interest.g = generation_;
  if (prefixes_.size() > limits::interest_prefixes_max) {
    interest.w.emplace_back("");
  } else {
    for (const auto& [prefix, state] : prefixes_) interest.w.push_back(prefix);
  }
  for (const HistoryLimit& limit : kept_) interest.h.push_back({limit.prefix, limit.kept});
  frame_.clear();
  wire::encode(interest, frame_);
}

}  // namespace zevi::broker

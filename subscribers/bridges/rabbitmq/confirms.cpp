#include "confirms.hpp"

#include <algorithm>

namespace zevi::bridges {

void Confirms::clear() noexcept {
  entries_.clear();
  first_ = 1;
  returned_ = 0;
}

void Confirms::add(const Outgoing& message) {
  entries_.push_back({.message = &message});
}

void Confirms::note_returned(std::string_view id) {
  for (std::uint64_t number = std::max(first_, returned_ + 1); number <= last(); ++number) {
    Entry& entry = entries_[number - first_];
    if (entry.message->id != id) continue;
    entry.is_returned = true;
    returned_ = number;
    return;
  }
}

std::vector<Confirms::Entry> Confirms::confirm(std::uint64_t number, bool is_multiple) {
  const std::uint64_t end = number == 0 && is_multiple ? last() : std::min(number, last());
  const bool is_known = is_multiple || (number >= first_ && number <= last());
  for (std::uint64_t n = is_multiple ? first_ : number; is_known && n <= end; ++n) {
    entries_[n - first_].is_confirmed = true;
  }
  std::vector<Entry> done;
  for (; !entries_.empty() && entries_.front().is_confirmed; ++first_) {
    done.push_back(entries_.front());
    entries_.pop_front();
  }
  return done;
}

}  // namespace zevi::bridges

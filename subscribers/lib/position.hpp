#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace zevi::subscriber {

/// How far a consumer has come: what a cursor keeps.
struct Position {
  using Numbers = std::map<std::uint64_t, std::uint64_t>;

  std::uint64_t epoch = 0;                    ///< that the numbers belong to, 0 for none
  bool has_changed = false;                   ///< whether there was an epoch before this one
  bool knows_all = false;                     ///< topics that are not in `next` had no event yet
  std::set<std::string> topics;               ///< what was asked for; `knows_all` holds for these alone
  std::map<std::string, std::uint64_t> next;  ///< of each topic the first `q` that was not read yet
  /// Of each topic how many events are known to have been lost before the broker in this epoch.
  std::map<std::string, std::uint64_t> lost_before;
  std::map<std::string, Numbers> publishers;  ///< of each topic the highest `p` of each publisher
  /// Those of them that were not seen in this epoch yet.
  std::map<std::string, std::set<std::uint64_t>> before;
  std::set<std::string> whole;  ///< topics that were read from their first event on
  bool operator==(const Position&) const = default;
};

}  // namespace zevi::subscriber

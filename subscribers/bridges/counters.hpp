#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace zevi::bridges {

/// What a bridge has done since it was started.
struct Counters {
  std::uint64_t read = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t resent = 0;
  std::uint64_t refused = 0;
  std::uint64_t expired = 0;
  std::uint64_t lost = 0;
  std::uint64_t lost_before = 0;
  std::uint64_t connections = 0;
};

struct CounterDescription {
  std::string_view name;
  std::string_view meaning;
  std::uint64_t Counters::*count;
};

inline constexpr std::array counter_table{
    CounterDescription{"read", "events that the broker gave", &Counters::read},
    CounterDescription{"acknowledged", "events that the bus has acknowledged", &Counters::acknowledged},
    CounterDescription{"resent",
                       "messages sent once more, because the bus went away before it acknowledged them",
                       &Counters::resent},
    CounterDescription{"refused", "events that the bus will never take", &Counters::refused},
    CounterDescription{"expired", "events older than --max-age, which were not sent", &Counters::expired},
    CounterDescription{"lost", "events that the broker's history held no longer when it was their turn",
                       &Counters::lost},
    CounterDescription{"lost_before", "events lost before or with the broker", &Counters::lost_before},
    CounterDescription{"connections", "connections made to the bus", &Counters::connections},
};

}  // namespace zevi::bridges

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace zevi::bridges {

/// What a bridge to a bus has done since it was started.
struct Counters {
  std::uint64_t read = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t resent = 0;
  std::uint64_t refused = 0;
  std::uint64_t expired = 0;
  std::uint64_t brought_in = 0;
  std::uint64_t lost = 0;
  std::uint64_t lost_before = 0;
  std::uint64_t connections = 0;
};

/// And one from a bus.
struct ImportCounters {
  std::uint64_t received = 0;
  std::uint64_t published = 0;
  std::uint64_t unwanted = 0;
  std::uint64_t returned = 0;
  std::uint64_t refused = 0;
  std::uint64_t lost = 0;
  std::uint64_t connections = 0;
};

template <typename Of>
struct Description {
  std::string_view name;
  std::string_view meaning;
  std::uint64_t Of::*count;
};
using CounterDescription = Description<Counters>;
using ImportDescription = Description<ImportCounters>;

inline constexpr std::array counter_table{
    CounterDescription{"read", "events that the broker gave", &Counters::read},
    CounterDescription{"acknowledged", "events that the bus has acknowledged", &Counters::acknowledged},
    CounterDescription{"resent",
                       "messages sent once more, because the bus went away before it acknowledged them",
                       &Counters::resent},
    CounterDescription{"refused", "events that the bus will never take", &Counters::refused},
    CounterDescription{"expired", "events older than --max-age, which were not sent", &Counters::expired},
    CounterDescription{"brought_in",
                       "events that a bridge had brought in, which were not sent without --relay",
                       &Counters::brought_in},
    CounterDescription{"lost", "events that the broker's history held no longer when it was their turn",
                       &Counters::lost},
    CounterDescription{"lost_before", "events lost before or with the broker", &Counters::lost_before},
    CounterDescription{"connections", "connections made to the bus", &Counters::connections},
};

inline constexpr std::array import_counter_table{
    ImportDescription{"received", "messages that the bus gave", &ImportCounters::received},
    ImportDescription{"published", "events that the broker has taken in", &ImportCounters::published},
    ImportDescription{"unwanted", "events of topics that nobody reads and the broker does not keep",
                      &ImportCounters::unwanted},
    ImportDescription{"returned", "events that have come through this side before",
                      &ImportCounters::returned},
    ImportDescription{"refused", "messages that are no event", &ImportCounters::refused},
    ImportDescription{"lost", "messages that the bus dropped on the way here", &ImportCounters::lost},
    ImportDescription{"connections", "connections made to the bus", &ImportCounters::connections},
};

}  // namespace zevi::bridges

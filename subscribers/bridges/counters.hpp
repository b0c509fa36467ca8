#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "count.hpp"

namespace zevi::bridges {

/// What a bridge to a bus has done since it was started.
struct Counters {
  Count read;
  Count acknowledged;
  Count resent;
  Count refused;
  Count expired;
  Count brought_in;
  Count lost;
  Count lost_before;
  Count connections;

  /// How many were read and are not done with. What another thread sees may be in the middle of a change.
  [[nodiscard]] std::uint64_t unacknowledged() const noexcept {
    const std::uint64_t done = acknowledged + refused + expired + brought_in;
    return read - std::min<std::uint64_t>(read, done);
  }
};

/// And one from a bus.
struct ImportCounters {
  Count received;
  Count published;
  Count unwanted;
  Count returned;
  Count refused;
  Count lost;
  Count connections;
};

template <typename Of>
struct Description {
  std::string_view name;
  std::string_view meaning;
  Count Of::*count;
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

#pragma once

#include "counters.hpp"
#include "outage.hpp"
#include "place_question.hpp"

namespace zevi::bridges {

/// What is known of a bridge outside of the thread that runs it. It outlives the runs of a bridge that is
/// started again.
struct BridgeState {
  Link link;
  // To a bus.
  Counters counters;
  Count oldest_ns;  ///< when the oldest event that is not done with was published; 0: there is none
  PlaceQuestion place;
  // From a bus.
  ImportCounters imported;

  /// Another run begins.
  void begin() noexcept {
    for (const CounterDescription& counter : counter_table) counters.*counter.count = 0;
    for (const ImportDescription& counter : import_counter_table) imported.*counter.count = 0;
    oldest_ns = 0;
  }
};

}  // namespace zevi::bridges

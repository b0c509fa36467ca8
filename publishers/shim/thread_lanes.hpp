#pragma once

#include <cstdint>

#include "publisher.hpp"

namespace zevi::shim {

/// The lane that this thread last used. Without a destructor, so that it can be looked at until the thread is
/// gone, and in the static part of thread-local storage, so that looking takes no call.
struct LastLane {
  std::uint64_t serial = 0;  ///< of the publisher; 0 for none
  Lane* lane = nullptr;
};
extern constinit thread_local LastLane last_lane __attribute__((tls_model("initial-exec")));

/// What `lane_of` does when the thread last used another publisher or none.
[[nodiscard]] zevi_status find_lane(Publisher& publisher, Lane*& lane) noexcept;

/// The calling thread's lane in `publisher`, made at the first call. A lane ends with its thread or its
/// publisher, whichever ends first.
[[nodiscard]] inline zevi_status lane_of(Publisher& publisher, Lane*& lane) noexcept {
  if (last_lane.serial == publisher.serial()) {
    lane = last_lane.lane;
    return ZEVI_OK;
  }
  return find_lane(publisher, lane);
}

}  // namespace zevi::shim

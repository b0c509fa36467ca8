#pragma once

#include "lane.hpp"
#include "thread_lanes.hpp"
#include "topics.hpp"

namespace zevi::shim {

/// Counts an event that nobody wants, and that was not begun therefore. Inline, since this is all that such
/// an event costs its worker.
inline zevi_status suppress(Topic& topic) noexcept {
  Lane* lane = nullptr;
  const zevi_status status = lane_of(topic.publisher, lane);
  if (status == ZEVI_OK) {
    lane->count_suppressed();
  } else {
    topic.publisher.count_without_lane(status);
  }
  return ZEVI_UNWANTED;
}

}  // namespace zevi::shim

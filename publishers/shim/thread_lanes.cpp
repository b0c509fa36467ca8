#include "thread_lanes.hpp"

#include <pthread.h>

#include <algorithm>
#include <memory>
#include <new>
#include <vector>

#include "fork_guard.hpp"
#include "lane.hpp"
#include "session.hpp"

namespace zevi::shim {

constinit thread_local LastLane last_lane;

namespace {

/// All lanes of one thread. Those whose publisher was closed or left behind in a parent are known by a serial
/// that no publisher has any more; they are gone and must not be touched.
using ThreadLanes = std::vector<LastLane>;

bool is_alive(const LastLane& entry) {
  bool alive = false;
  ForkGuard::instance().with_publisher(entry.serial, [&](Publisher&) { alive = true; });
  return alive;
}

void end_thread(void* value) {
  const std::unique_ptr<ThreadLanes> lanes(static_cast<ThreadLanes*>(value));
  last_lane = LastLane{};
  for (const LastLane& entry : *lanes) {
    ForkGuard::instance().with_publisher(entry.serial,
                                         [&](Publisher&) { entry.lane->session().end(*entry.lane); });
  }
}

/// A key and not a `thread_local` object: its destructor runs when a thread ends but not when the main thread
/// leaves main, and after those of thread-local objects, so that destructors and exit handlers can publish.
pthread_key_t lanes_key() {
  static const pthread_key_t key = [] {
    pthread_key_t made{};
    if (pthread_key_create(&made, end_thread) != 0) throw std::bad_alloc();
    return made;
  }();
  return key;
}

// Made when the library is loaded and not at the first use: a fork by another thread in the middle of that
// would leave the child waiting for ever for a key half made. Where there is none to be had, each use tries
// again.
[[maybe_unused]] const bool key_made_at_load = [] {
  try {
    static_cast<void>(lanes_key());
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}();

ThreadLanes& lanes_of_this_thread() {
  auto* lanes = static_cast<ThreadLanes*>(pthread_getspecific(lanes_key()));
  if (lanes == nullptr) {
    auto made = std::make_unique<ThreadLanes>();
    if (pthread_setspecific(lanes_key(), made.get()) != 0) throw std::bad_alloc();
    lanes = made.release();
  }
  return *lanes;
}

zevi_status add_lane(ThreadLanes& lanes, Publisher& publisher, Lane*& lane) {
  lanes.erase(
      std::remove_if(lanes.begin(), lanes.end(), [](const LastLane& entry) { return !is_alive(entry); }),
      lanes.end());
  lanes.reserve(lanes.size() + 1);
  const zevi_status status = publisher.make_lane(lane);
  if (status == ZEVI_OK) lanes.push_back({publisher.serial(), lane});
  return status;
}

}  // namespace

zevi_status find_lane(Publisher& publisher, Lane*& lane) noexcept {
  try {
    ThreadLanes& lanes = lanes_of_this_thread();
    const auto known = std::find_if(lanes.begin(), lanes.end(), [&](const LastLane& entry) {
      return entry.serial == publisher.serial();
    });
    if (known != lanes.end()) {
      lane = known->lane;
    } else if (const zevi_status status = add_lane(lanes, publisher, lane); status != ZEVI_OK) {
      return status;
    }
    last_lane = {publisher.serial(), lane};
    return ZEVI_OK;
  } catch (const std::exception&) {
    return ZEVI_NO_MEMORY;
  }
}

}  // namespace zevi::shim

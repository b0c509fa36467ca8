#include "beginning.hpp"

#include <algorithm>

#include "zevi/error.hpp"
#include "zevi/topic.hpp"
#include "zevi/wire/control_frame.hpp"

namespace zevi::subscriber {

namespace {

std::uint64_t nanoseconds_of(std::chrono::system_clock::time_point time) {
  const auto since_1970 = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch());
  return static_cast<std::uint64_t>(std::max<std::int64_t>(since_1970.count(), 0));
}

}  // namespace

Beginning beginning_of(const SubscriberOptions& options) {
  Beginning beginning;
  beginning.oldest = options.start == Start::oldest;
  if (options.since) beginning.since_ns = nanoseconds_of(*options.since);
  beginning.last = options.last;
  beginning.numbers = options.start_numbers;
  if (beginning.oldest + beginning.since_ns.has_value() + beginning.last.has_value() +
          !beginning.numbers.empty() >
      1) {
    throw Error("start, start_numbers, since and last contradict one another: give one of them");
  }
  if (beginning.last && (*beginning.last == 0 || *beginning.last >= wire::id_end)) {
    throw Error("last is " + std::to_string(*beginning.last) + ": it is a number of events, from 1");
  }
  for (const auto& [topic, q] : beginning.numbers) {
    if (is_topic(topic) && q != 0 && q < wire::id_end) continue;
    throw Error("start_numbers has '" + topic + "' and " + std::to_string(q) +
                ": it is a topic and the first number wanted of it, from 1");
  }
  return beginning;
}

bool uses_history(const SubscriberOptions& options) {
  const bool is_needed = !options.cursor.empty() || !beginning_of(options).is_now();
  const bool is_there = options.endpoint.empty() || !options.replay_endpoint.empty();
  if (!is_needed && !options.follow) {
    throw Error("without follow only the history is read: give start, start_numbers, since, last or cursor");
  }
  if (is_needed && options.feed != Feed::stream) {
    throw Error("single events have no history: read Feed::stream, or begin now and without a cursor");
  }
  if (is_needed && !options.repair) {
    throw Error("a beginning before now and a cursor need the history: leave repair as it is");
  }
  if (is_needed && !is_there) {
    throw Error("a beginning before now and a cursor need the history: give replay_endpoint beside endpoint");
  }
  return options.repair && is_there && options.feed == Feed::stream;
}

}  // namespace zevi::subscriber

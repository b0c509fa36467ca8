#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

#include "publisher.hpp"
#include "runtime/clock.hpp"

namespace zevi::broker {

/// Which publishers are owed an acknowledgement, and when it is due. Each one wakes two threads of the
/// worker, so a publisher that sends all the time gets one in 50 ms, or in a megabyte, which is far from
/// filling its resend window. After a quiet time, and when the publisher asks by a beat, it comes at once.
class AckSchedule {
 public:
  static constexpr std::chrono::milliseconds interval{50};
  static constexpr std::size_t bytes_max = std::size_t{1024} * 1024;

  /// The publisher's batch, of so many bytes, was taken in or is repeated.
  void owe(Publisher& publisher, std::size_t bytes) {
    publisher.unacknowledged_bytes += bytes;
    if (publisher.unacknowledged_bytes >= bytes_max) publisher.next_ack = {};
    if (publisher.ack_due) return;
    publisher.ack_due = true;
    owed_.push_back(&publisher);
  }
  void owe_at_once(Publisher& publisher) {
    publisher.next_ack = {};
    owe(publisher, 0);
  }

  /// Calls `send(publisher)` for each whose acknowledgement is due.
  template <typename Send>
  void send_due(const Now& now, Send send) {
    std::erase_if(owed_, [&](Publisher* publisher) {
      // One that is gone may soon be forgotten.
      if (publisher->live && now.steady < publisher->next_ack) return false;
      publisher->ack_due = false;
      publisher->unacknowledged_bytes = 0;
      publisher->next_ack = now.steady + interval;
      send(*publisher);
      return true;
    });
  }

  /// When `send_due` has something to do.
  [[nodiscard]] SteadyTime deadline() const noexcept {
    SteadyTime first = SteadyTime::max();
    for (const Publisher* const publisher : owed_) first = std::min(first, publisher->next_ack);
    return first;
  }

 private:
  std::vector<Publisher*> owed_;
};

}  // namespace zevi::broker

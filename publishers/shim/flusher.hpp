#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "batches.hpp"
#include "counters.hpp"
#include "flush_requests.hpp"
#include "greeting.hpp"
#include "lanes.hpp"
#include "link.hpp"
#include "options.hpp"
#include "resend_window.hpp"
#include "topics.hpp"
#include "wakeup.hpp"

namespace zevi::shim {

/// What the flusher works on; all of it outlives the flusher.
struct FlusherParts {
  const Options& options;
  Topics& topics;
  Lanes& lanes;
  FlushRequests& flush_requests;
  Counters& counters;
  std::uint64_t id;  ///< of this publisher in this process
};

/// Takes the events out of the rings, puts them into batches, and keeps up the conversation with the broker.
/// All of it happens in one thread, which calls `do_work` again and again; nothing here waits.
///
/// A batch is sent when the broker has welcomed us, in the order of its number, and stays in the window until
/// it is acknowledged. Sending anew after a reconnect is sending from the window's beginning.
class Flusher {
 public:
  using Clock = std::chrono::steady_clock;

  struct Work {
    bool found_events = false;
    /// The rings may hold events that the window has no room for: only the broker can help.
    bool is_stuck = false;
  };

  /// Throws `zevi::Error` if the socket cannot be made.
  Flusher(const FlusherParts& parts, void* zmq_context, Address address);

  /// Empties the rings as far as the window allows, and converses.
  Work do_work(Clock::time_point now);
  /// Reads what the broker says, and sends what is due, without a look at the rings.
  void converse(Clock::time_point now);

  /// Whether an event waits in a ring, or a new ring is there; for the look before going to sleep.
  [[nodiscard]] bool has_events();
  /// How long the broker asks us to collect events between batches.
  [[nodiscard]] std::chrono::microseconds pace() const noexcept { return pace_; }
  /// When there is something to do even if nothing happens.
  [[nodiscard]] Clock::time_point next_deadline() const noexcept;
  [[nodiscard]] Link& link() noexcept { return link_; }

  /// Tells the broker of the last drops, and that nothing will follow.
  void say_bye();

 private:
  /// A lane as the flusher sees it.
  struct Source {
    Lane* lane;
    std::uint64_t dropped_numbered = 0;  ///< drops of this lane that have got numbers, over all topics
  };
  struct WaitingFlush {
    std::uint64_t request;
    std::uint64_t last_batch;
  };

  // From the rings into the window.
  void adopt_lanes();
  [[nodiscard]] bool drain();
  [[nodiscard]] bool drain(Source& source);
  void take_in(Source& source, const std::uint8_t* record);
  void number_drops(Source& source, std::size_t topic, std::uint64_t dropped);
  void number_all_drops(Source& source);
  void remove_ended_lanes();
  [[nodiscard]] bool is_full() const noexcept;
  void note_flush_requests(std::uint64_t newest);

  // From the broker.
  void read_messages(Clock::time_point now);
  void read(std::string_view frame, Clock::time_point now);
  void on_welcome(std::string_view frame, Clock::time_point now);
  void on_interest(std::string_view frame);
  void on_ack(std::string_view frame, Clock::time_point now);
  void on_reject(std::string_view frame, Clock::time_point now);
  void release_acknowledged(Clock::time_point now);
  void count_window() noexcept;
  void fulfil_flush_requests();

  // To the broker.
  void follow_connection(Clock::time_point now);
  void say_hello(Clock::time_point now);
  void send_batches(Clock::time_point now);
  void say_beat(Clock::time_point now);
  void send_drops();

  const FlusherParts parts_;
  ResendWindow window_;
  Batches batches_;
  Link link_;
  Greeting greeting_;

  std::vector<Source> sources_;
  std::size_t first_source_ = 0;  ///< where the next look at the rings begins, so that a full window is fair
  std::deque<WaitingFlush> waiting_flushes_;
  std::uint64_t flush_noted_ = 0;

  std::size_t window_bytes_;
  std::uint64_t broker_id_ = 0;
  std::uint64_t interest_generation_ = 0;
  AckLevels levels_;
  wire::Ack acked_;
  std::chrono::microseconds pace_{0};
  std::uint64_t next_to_send_ = 1;
  std::uint64_t never_sent_ = 1;  ///< batches from this number on were never handed to the socket
  bool is_beat_due_ = false;
  Clock::time_point next_beat_{};
  Clock::time_point last_progress_{};
  std::string frame_;
};

}  // namespace zevi::shim

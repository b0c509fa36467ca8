#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bridge.hpp"
#include "bridge_state.hpp"
#include "event_fd.hpp"
#include "log.hpp"
#include "mapping.hpp"
#include "outage.hpp"
#include "wake_set.hpp"
#include "window.hpp"
#include "zevi/subscriber.hpp"

namespace zevi::bridges {

struct RunnerOptions {
  SubscriberOptions subscriber;
  std::string bus;  ///< how it is called in log lines
  std::size_t window_messages = 0;
  std::size_t window_bytes = 0;
  std::optional<std::chrono::nanoseconds> max_age;
  bool relays = true;  ///< also what another bridge has brought in
  /// How long acknowledgements are waited for when asked to stop.
  std::chrono::nanoseconds drain{0};
  /// A bus that owes an acknowledgement and says nothing for so long is connected to anew; 0: never.
  std::chrono::nanoseconds answer_within{0};
};

/// Carries events from the broker to a bus.
///
/// Events are read through the subscriber library, which repairs gaps and sees every event once, and wait in
/// a window until the bus has acknowledged them. The cursor is moved behind what was acknowledged alone, so
/// that a bridge that is killed begins with what was not. While the bus is away the window fills, reading
/// stops, and the broker's history keeps the rest: nobody but this bridge waits.
class Runner {
 public:
  Runner(RunnerOptions options, const Mapping& mapping, Bus& bus, BridgeState& state, EventFd& stop,
         const program::Log& log);
  ~Runner() { state_.place.end_answering(); }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Runs until `stop` is raised, or until the history ends without `follow`.
  void run();

 private:
  using Clock = std::chrono::steady_clock;

  void read();
  void take(const Message& message);
  void take_event(const Event& event);
  void tell(const Message& mark);
  void look_at_broker();
  [[nodiscard]] std::chrono::milliseconds wait_at_most() const;

  void serve_bus();
  void open();
  void send();
  void settle(const Report& report);
  void check_patience();
  void note_hold(const std::string& why);
  void lose_bus(std::string_view reason);

  void tell_others();
  void confirm_if_due();
  void look_for_end();
  void end();

  EventFd& stop_;
  BridgeState& state_;
  Counters& counters_{state_.counters};
  WakeSet wake_{stop_.fd(), state_.place.fd()};
  const RunnerOptions options_;
  const Mapping& mapping_;
  Bus& bus_;
  const program::Log& log_;
  Subscriber subscriber_;
  Window window_;
  Outage outage_;
  const Clock::time_point started_ = Clock::now();
  bool is_broker_there_ = true;

  bool has_bus_fd_ = false;
  Clock::time_point answered_{};
  std::string held_up_;  // why the bus takes nothing for now; empty if it does
  program::OncePerSecond refusal_lines_;

  // The next place to confirm, and the number of the last message before it.
  std::optional<Subscriber::Place> place_;
  std::uint64_t place_number_ = 0;
  bool has_news_ = false;
  Clock::time_point confirmed_{};

  bool is_ending_ = false;
  std::optional<Clock::time_point> end_at_;
  bool is_over_ = false;
};

}  // namespace zevi::bridges

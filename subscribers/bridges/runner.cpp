#include "runner.hpp"

#include <algorithm>
#include <utility>

namespace zevi::bridges {

namespace {

using namespace std::chrono_literals;

// Between two looks at the bus.
constexpr std::size_t batch_max = 1024;

// Also how much of what a killed bridge had sent may come a second time to a bus that knows no repeats.
constexpr std::chrono::milliseconds confirm_interval = 250ms;

// A broker that is there answers well before this.
constexpr std::chrono::milliseconds connecting_takes = 500ms;

// How often a bus without a descriptor is asked for what it has heard.
constexpr std::chrono::milliseconds look_interval = 5ms;
constexpr std::chrono::milliseconds idle_look_interval = 1s;

SubscriberOptions with_wake(SubscriberOptions options, int wake_fd) {
  options.wake_fd = wake_fd;
  return options;
}

std::string events(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " event" : " events");
}

}  // namespace

Runner::Runner(RunnerOptions options, const Mapping& mapping, Bus& bus, BridgeState& state, EventFd& stop,
               const program::Log& log)
    : stop_(stop),
      state_(state),
      options_(std::move(options)),
      mapping_(mapping),
      bus_(bus),
      log_(log),
      subscriber_(with_wake(options_.subscriber, wake_.fd())),
      window_(options_.window_messages, options_.window_bytes),
      outage_(log, options_.bus, state.link) {
  state_.place.begin_answering();
}

void Runner::run() {
  while (!is_over_) {
    serve_bus();
    tell_others();
    confirm_if_due();
    look_for_end();
    if (!is_over_) read();
  }
  end();
}

/// Reads what is there, or waits until something happens.
void Runner::read() {
  if (is_ending_ || window_.is_full()) return wake_.wait(wait_at_most());
  for (std::size_t n = 0; n < batch_max && !window_.is_full(); ++n) {
    const Message* const message = subscriber_.next(n == 0 ? wait_at_most() : 0ms);
    if (message == nullptr) return look_at_broker();
    take(*message);
  }
}

void Runner::look_at_broker() {
  const bool is_there = subscriber_.connected();
  if (is_there == is_broker_there_) return;
  if (!is_there && Clock::now() - started_ < connecting_takes) return;
  is_broker_there_ = is_there;
  log_.info(is_there ? "the broker is there again" : "waiting for a broker at " + subscriber_.endpoint());
}

void Runner::take(const Message& message) {
  has_news_ = true;
  if (const Event* const event = message.event()) {
    take_event(*event);
  } else {
    tell(message);
  }
}

void Runner::take_event(const Event& event) {
  ++counters_.read;
  if (!options_.relays && !event.origin.empty()) {
    ++counters_.brought_in;
    return;
  }
  if (options_.max_age && std::chrono::system_clock::now() - event.time() > *options_.max_age) {
    ++counters_.expired;
    return;
  }
  window_.push(mapping_.map(event), event.time());
}

void Runner::tell(const Message& mark) {
  if (const Gap* const gap = mark.gap()) counters_.lost += gap->count();
  if (const LostBefore* const lost = mark.lost_before()) counters_.lost_before += lost->count;
  if (const LostWithBroker* const lost = mark.lost_with_broker()) counters_.lost_before += lost->count();
  log_.warning(describe(mark));
}

std::chrono::milliseconds Runner::wait_at_most() const {
  const Clock::time_point now = Clock::now();
  const auto until = [now](Clock::time_point time) {
    return std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(time - now));
  };
  std::chrono::milliseconds wait = idle_look_interval;
  if (!outage_.is_connected()) wait = std::min(wait, until(outage_.try_at()));
  if (outage_.is_connected() && !window_.empty() && !has_bus_fd_) wait = look_interval;
  if (has_news_ || place_)
    wait = std::min(wait, std::max(until(confirmed_ + confirm_interval), look_interval));
  if (end_at_) wait = std::min(wait, until(*end_at_));
  return wait;
}

void Runner::serve_bus() {
  if (!outage_.is_connected() && Clock::now() < outage_.try_at()) return;
  Report report;
  try {
    if (!outage_.is_connected()) open();
    send();
    bus_.poll(report);
    settle(report);
    note_hold(report.held_up);
    check_patience();
  } catch (const Error& error) {
    settle(report);  // what was heard before it failed
    lose_bus(error.what());
  }
}

void Runner::open() {
  bus_.open();
  has_bus_fd_ = bus_.fd() >= 0;
  wake_.watch(bus_.fd());
  ++counters_.connections;
  answered_ = Clock::now();
  window_.send_again();
  outage_.note_connection(!window_.empty());
}

void Runner::send() {
  if (!window_.awaits_answer()) answered_ = Clock::now();
  while (const Outgoing* const message = window_.next_to_send()) {
    if (bus_.send(*message) == Bus::Sent::full) return;
    if (window_.note_sent()) ++counters_.resent;
  }
}

void Runner::settle(const Report& report) {
  for (const std::string& remark : report.remarks) log_.warning(options_.bus + ": " + remark);
  std::uint64_t news = window_.settle_to(report.acknowledged_to);
  for (const std::uint64_t number : report.acknowledged) news += window_.settle(number) ? 1 : 0;
  counters_.acknowledged += news;
  for (const Report::Refused& refused : report.refused) {
    const Outgoing* const message = window_.find(refused.number);
    const std::string id = message == nullptr ? "" : message->id;
    if (!window_.settle(refused.number)) continue;
    ++news;
    ++counters_.refused;
    if (refusal_lines_.admit(Clock::now())) {
      const std::uint64_t others = refusal_lines_.suppressed();
      log_.warning("event " + id + " was refused: " + refused.reason +
                   (others == 0 ? "" : " (and " + std::to_string(others) + " before it)"));
    }
  }
  if (news == 0) return;
  answered_ = Clock::now();
  outage_.note_success();
}

void Runner::check_patience() {
  const bool is_late = options_.answer_within > 0ns && window_.awaits_answer() &&
                       Clock::now() - answered_ > options_.answer_within;
  if (is_late) throw Error("it has acknowledged nothing for too long");
}

void Runner::note_hold(const std::string& why) {
  if (why == held_up_) return;
  held_up_ = why;
  if (why.empty()) return log_.info(options_.bus + " takes events again");
  log_.warning(options_.bus + ": " + why + "; waiting");
}

void Runner::lose_bus(std::string_view reason) {
  wake_.watch(-1);
  bus_.close();
  held_up_.clear();
  outage_.note_failure(reason);
}

/// For who watches the bridge: what does not follow from the counters.
void Runner::tell_others() {
  const auto oldest = window_.empty() ? Window::Time() : window_.oldest();
  state_.oldest_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(oldest.time_since_epoch()).count());
  if (state_.place.is_asked()) state_.place.answer({subscriber_.place(), counters_.unacknowledged()});
}

void Runner::confirm_if_due() {
  if (options_.subscriber.cursor.empty()) return;
  if (!place_ && has_news_ && Clock::now() - confirmed_ >= confirm_interval) {
    place_ = subscriber_.place();
    place_number_ = window_.last();
    has_news_ = false;
  }
  if (!place_ || window_.done_to() < place_number_) return;
  subscriber_.confirm(*place_);
  place_.reset();
  confirmed_ = Clock::now();
}

void Runner::look_for_end() {
  if (!is_ending_ && stop_.take() != 0) {
    is_ending_ = true;
    end_at_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(options_.drain);
  } else if (!is_ending_ && subscriber_.at_end()) {
    is_ending_ = true;
  }
  if (!is_ending_) return;
  // Who asks to stop waits for a bus that is there; the end of the history for every bus, until asked.
  if (!end_at_ && stop_.take() != 0) end_at_ = Clock::now();
  is_over_ = window_.empty() || (end_at_ && (!outage_.is_connected() || Clock::now() >= *end_at_));
}

void Runner::end() {
  bus_.close();
  if (!options_.subscriber.cursor.empty() && window_.empty()) subscriber_.confirm();
  if (!window_.empty()) {
    log_.warning(
        events(window_.size()) + " not acknowledged" +
        (options_.subscriber.cursor.empty() ? "" : "; the next run with this cursor sends them again"));
  }
}

}  // namespace zevi::bridges

#pragma once

#include <algorithm>
#include <chrono>

namespace zevi::shim {

/// When a publisher says hello, and when it may send events: after the broker has welcomed it on this
/// connection.
///
/// Messages keep their order on a connection. So what the broker asked before its welcome was asked before it
/// had read our hello, and that hello answers it; what it asks after its welcome is new. One that keeps on
/// asking is answered at most every `hello_again_after`.
class Greeting {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::chrono::milliseconds hello_again_after{100};
  static constexpr std::chrono::seconds first_patience{1};
  static constexpr std::chrono::seconds longest_patience{16};
  static constexpr std::chrono::seconds refused_again_after{10};

  void connected(Clock::time_point now) noexcept {
    state_ = State::hello_wanted;
    due_ = now;
    patience_ = first_patience;
  }
  void disconnected() noexcept { state_ = State::away; }

  /// True if a hello is to be sent now.
  [[nodiscard]] bool is_hello_due(Clock::time_point now) const noexcept {
    return state_ != State::away && state_ != State::welcomed && now >= due_;
  }
  void hello_sent(Clock::time_point now) noexcept {
    state_ = State::hello_said;
    last_hello_ = now;
    due_ = now + patience_;
    patience_ = std::min<Clock::duration>(2 * patience_, longest_patience);
  }

  /// The broker's welcome. True if it answers a hello, and everything that is not acknowledged is to be sent
  /// from its beginning; false if it is a repetition.
  [[nodiscard]] bool welcomed() noexcept {
    if (state_ != State::hello_said) return false;
    state_ = State::welcomed;
    patience_ = first_patience;
    return true;
  }
  /// The broker does not know us, misses a batch, or has not moved for too long.
  void start_over(Clock::time_point now) noexcept {
    if (state_ != State::welcomed) return;
    state_ = State::hello_wanted;
    due_ = std::max(now, last_hello_ + hello_again_after);
  }
  /// The broker will not have us.
  void refused(Clock::time_point now) noexcept {
    if (state_ == State::away) return;
    state_ = State::hello_wanted;
    due_ = now + refused_again_after;
  }

  [[nodiscard]] bool may_send_events() const noexcept { return state_ == State::welcomed; }
  /// When `is_hello_due` may turn true by itself.
  [[nodiscard]] Clock::time_point due() const noexcept {
    return state_ == State::away || state_ == State::welcomed ? Clock::time_point::max() : due_;
  }

 private:
  enum class State { away, hello_wanted, hello_said, welcomed };

  State state_ = State::away;
  Clock::time_point due_{};
  Clock::time_point last_hello_{};
  Clock::duration patience_ = first_patience;
};

}  // namespace zevi::shim

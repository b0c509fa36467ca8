#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "beginning.hpp"
#include "delivery.hpp"
#include "frames.hpp"
#include "held_messages.hpp"
#include "ledger.hpp"
#include "patience.hpp"
#include "question.hpp"
#include "replay_line.hpp"
#include "tail_check.hpp"
#include "zevi/wire/replay_messages.hpp"

namespace zevi::subscriber {

/// The seam between what the broker has stored and what arrives live. No sockets of its own, and the time is
/// given.
///
/// Live messages are held while something is fetched that comes before them: at the start, after each new
/// connection, and when numbers are missing. After a barrier a new line to the history is opened with the
/// question where all topics stand, which also tells in which epoch the broker is and where the one before
/// ended. Then the positions are right, and everything behind them is asked for. What comes both ways is
/// delivered once, since the ledger knows its numbers; what cannot be fetched is told in its place. An event
/// lost behind the last one of its topic is noticed by asking again once nothing has come for a while.
///
/// Everything goes into the delivery one message at a time: `step` and `take_held` may be called only when
/// the delivery has been read out.
class CatchUp {
 public:
  CatchUp(Delivery& delivery, ReplayLine& line, Beginning beginning, std::size_t held_bytes_max);

  // What the subscriber tells

  /// The connection is gone: nothing is delivered before it is known what came meanwhile.
  void lose_connection() noexcept;
  /// A barrier was answered: subscriptions are live at the broker of this epoch.
  void go(std::uint64_t epoch, Clock::time_point now);
  /// A message arrived live.
  void take(Frames&& frames, Clock::time_point now);
  /// Gives the delivery the next message that is held no longer. False if there is none.
  [[nodiscard]] bool take_held(Clock::time_point now);
  /// Takes a part of an answer. False if none is there.
  [[nodiscard]] bool step(Clock::time_point now);
  /// Does what is due.
  void look(Clock::time_point now);

  // What the subscriber asks

  /// True while nothing stands between the socket and the delivery.
  [[nodiscard]] bool is_live() const noexcept { return state_ == State::live && held_.empty(); }
  [[nodiscard]] bool waits_for_barrier() const noexcept { return state_ == State::waiting_for_barrier; }
  /// False while as much is held as may be; what libzmq then drops is fetched later.
  [[nodiscard]] bool wants_live() const noexcept {
    return state_ == State::waiting_for_barrier || (state_ != State::live && !held_.is_full()) || is_live();
  }
  /// True once it is known where reading begins.
  [[nodiscard]] bool has_begun() const noexcept { return has_begun_; }
  /// True once all that came before the start has been delivered, or given up.
  [[nodiscard]] bool has_caught_up() const noexcept { return has_caught_up_; }
  /// When `look` has something to do if nothing happens before.
  [[nodiscard]] Clock::time_point due() const noexcept;

 private:
  enum class State : std::uint8_t {
    waiting_for_barrier,
    asking,
    pausing,        ///< before a question is asked again
    leaving_epoch,  ///< what was held of the epoch before is delivered
    live,           ///< what is held goes out, then what arrives
  };
  /// What is to be done with the answer.
  enum class Purpose : std::uint8_t {
    open,       ///< where does everything stand?
    end_epoch,  ///< the rest of the epoch before
    catch_up,   ///< everything behind the positions
    repair,     ///< what is missing in a topic
  };

  void open(Clock::time_point now);
  void ask(Purpose purpose, Question question, Clock::time_point now);
  void send(Clock::time_point now);
  void ask_behind_positions(Clock::time_point now);
  void take_end(const wire::ReplayEnd& end, Clock::time_point now);
  void take_opening(const wire::ReplayEnd& end, Clock::time_point now);
  void begin(const wire::ReplayEnd& end, Clock::time_point now);
  void begin_now(const wire::ReplayEnd& end);
  void end_epoch(Clock::time_point now);
  [[nodiscard]] bool take_of_epoch_before(Clock::time_point now);
  void leave_epoch(Clock::time_point now);
  void finish();
  void fail(std::string_view reason, Clock::time_point now);
  void retry_for(Clock::duration longest, std::string_view reason, Clock::time_point now);
  void give_up(std::string_view reason, Clock::time_point now);
  void go_on_without_history();
  void deliver(Frames&& frames, bool is_from_before, Clock::time_point now);
  void repair(Clock::time_point now);
  [[nodiscard]] bool needs_history() const noexcept;
  [[nodiscard]] Clock::duration patience_now() const noexcept;
  [[nodiscard]] Clock::time_point check_due() const noexcept;

  Delivery& delivery_;
  ReplayLine& line_;
  const Beginning beginning_;
  const std::vector<std::string> topics_;
  HeldMessages held_;

  State state_ = State::waiting_for_barrier;
  std::uint64_t stream_epoch_ = 0;  // of the broker that events come from
  bool has_begun_ = false;
  bool goes_by_positions_ = false;  // of a cursor, or over a change of epoch, instead of the beginning
  bool has_caught_up_ = false;

  // The question that is open.
  Purpose purpose_ = Purpose::open;
  Question question_;
  std::uint64_t number_ = 0;
  bool is_line_open_ = false;
  Clock::time_point deadline_{};
  std::uint64_t stored_ = 0;      // messages of the answer until now
  bool is_hole_final_ = false;    // what is missing before the first message that is held will not come
  std::uint64_t left_epoch_ = 0;  // 0: given up, so that nothing is asked about the one to come
  std::vector<zmq::message_t> part_;
  std::optional<Delivery::Ended> ended_;

  // When nobody answers.
  Patience patience_;
  Clock::time_point no_repair_until_{};

  TailCheck tail_check_;
};

}  // namespace zevi::subscriber

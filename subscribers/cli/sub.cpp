#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>

#include "event_lines.hpp"
#include "line_output.hpp"
#include "log.hpp"
#include "loss_table.hpp"
#include "program.hpp"
#include "stop_signals.hpp"
#include "sub_options.hpp"
#include "wake.hpp"
#include "zevi/subscriber.hpp"

namespace zevi::cli {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int exit_signal_base = 128;

// A broker that is there answers well before this.
constexpr std::chrono::milliseconds connecting_takes = 300ms;
constexpr std::chrono::milliseconds connection_look_interval = 1000ms;

// How often the cursor is written, which waits for the disk.
constexpr std::chrono::milliseconds confirm_interval = 1000ms;

class SubCommand {
 public:
  explicit SubCommand(SubOptions options);
  [[nodiscard]] int run();

 private:
  [[nodiscard]] const Message* next();
  [[nodiscard]] std::chrono::milliseconds wait_at_most() const;
  void take(const Message& message);
  void look_at_connection();
  void tell_silent_routes();
  void flush();
  void confirm();
  void end();
  void stop(int exit_code) noexcept {
    stopped_ = true;
    exit_code_ = exit_code;
  }
  void look_for_stop();

  // Before the subscriber, whose threads must not take the signals.
  program::StopSignals signals_;
  Wake wake_{signals_.fd(), STDOUT_FILENO};
  const program::Log log_{"zevi sub"};
  SubOptions options_;
  Subscriber subscriber_;
  LineOutput output_{STDOUT_FILENO, signals_.fd()};
  TextLines text_lines_;
  LossTable losses_;

  bool stopped_ = false;
  int exit_code_ = program::exit_ok;
  std::uint64_t printed_ = 0;
  Clock::time_point last_event_ = Clock::now();
  bool is_unconfirmed_ = false;
  Clock::time_point confirmed_{};
  bool is_told_to_wait_ = false;
  bool is_told_ready_ = false;
  std::uint64_t silent_routes_ = 0;
};

SubscriberOptions with_wake(SubscriberOptions options, int wake_fd) {
  options.wake_fd = wake_fd;
  return options;
}

SubCommand::SubCommand(SubOptions options)
    : options_(std::move(options)),
      subscriber_(with_wake(options_.subscriber, wake_.fd())),
      text_lines_(options_.with_color) {}

void SubCommand::take(const Message& message) {
  const Event* const event = message.event();
  is_unconfirmed_ = true;
  if (options_.with_ledger) losses_.count(message);
  if (event == nullptr) {
    flush();  // so that the report stands behind what came before
    log_.info(describe(message));
    if (message.history_missing() != nullptr && !options_.subscriber.follow) stop(program::exit_failure);
    return;
  }
  if (options_.as_json) {
    append_json_line(output_.buffer(), *event);
  } else {
    text_lines_.append(output_.buffer(), *event);
  }
  last_event_ = Clock::now();
  if (++printed_ == options_.count) stop(program::exit_ok);
}

void SubCommand::flush() {
  switch (output_.flush()) {
    case LineOutput::Flushed::written:
      return;
    case LineOutput::Flushed::closed:
      return stop(program::exit_ok);
    case LineOutput::Flushed::stopped:
      return stop(exit_signal_base + signals_.take());
  }
}

/// What is written is done with.
void SubCommand::confirm() {
  if (options_.subscriber.cursor.empty() || !is_unconfirmed_ || !output_.buffer().empty()) return;
  subscriber_.confirm();
  is_unconfirmed_ = false;
  confirmed_ = Clock::now();
}

void SubCommand::end() {
  // What stops it otherwise has found the output written or its reader gone.
  if (exit_code_ == program::exit_ok) flush();
  if (exit_code_ != program::exit_failure) confirm();
  // Behind lines that nobody takes nothing can be said.
  if (!options_.with_ledger || output_.is_closed() || !output_.buffer().empty()) return;
  if (options_.as_json) {
    losses_.append_json(output_.buffer());
  } else {
    losses_.append_text(output_.buffer());
  }
  static_cast<void>(output_.flush());
}

void SubCommand::look_for_stop() {
  if (const int signal = signals_.take(); signal != 0) {
    stop(exit_signal_base + signal);
  } else if (output_.is_closed()) {
    stop(program::exit_ok);
  } else if (options_.wait && Clock::now() - last_event_ >= *options_.wait) {
    stop(program::exit_timeout);
  }
}

void SubCommand::look_at_connection() {
  const bool is_connected = subscriber_.connected();
  if (!is_connected && !is_told_to_wait_) {
    log_.info("waiting for a broker at " + subscriber_.endpoint());
  } else if (is_connected && is_told_to_wait_) {
    log_.info("connected");
  }
  is_told_to_wait_ = !is_connected;
  tell_silent_routes();
  if (!options_.verbose || is_told_ready_) return;
  if (const auto unconfirmed = subscriber_.wait_ready(0ms)) {
    log_.info("subscribed; publishers that do not know of it yet: " + std::to_string(*unconfirmed));
    is_told_ready_ = true;
  }
}

void SubCommand::tell_silent_routes() {
  const std::uint64_t silent = subscriber_.statistics().silent_routes;
  if (std::exchange(silent_routes_, silent) == silent || silent == 0) return;
  log_.warning(
      "routes of the broker that do not answer: " + std::to_string(silent) +
      "; nothing of their topics comes, as you may not read them or they cannot be reached from here");
}

std::chrono::milliseconds SubCommand::wait_at_most() const {
  const bool is_first = printed_ == 0 && !is_told_to_wait_ && !is_told_ready_;
  const auto look = is_first ? connecting_takes : connection_look_interval;
  if (!options_.wait) return look;
  const auto left = last_event_ + *options_.wait - Clock::now();
  return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(left), 0ms, look);
}

/// What is there already is taken without a system call for the output; before a wait all is written.
const Message* SubCommand::next() {
  if (const Message* const message = subscriber_.next(0ms)) return message;
  flush();
  if (stopped_) return nullptr;
  if (subscriber_.at_end()) {
    stop(program::exit_ok);
    return nullptr;
  }
  if (Clock::now() - confirmed_ >= confirm_interval) confirm();
  if (const Message* const message = subscriber_.next(wait_at_most())) return message;
  look_for_stop();
  if (!stopped_) look_at_connection();
  return nullptr;
}

int SubCommand::run() {
  if (options_.verbose) {
    static_cast<void>(subscriber_.wait_ready(connecting_takes));
    look_at_connection();
  }
  while (!stopped_) {
    if (const Message* const message = next()) take(*message);
    if (!stopped_ && output_.is_full()) {
      flush();
      if (!stopped_ && Clock::now() - confirmed_ >= confirm_interval) confirm();
      if (!stopped_) look_for_stop();
    }
  }
  end();
  return exit_code_;
}

}  // namespace

}  // namespace zevi::cli

int main(int argc, char** argv) {
  return zevi::program::run("zevi sub", [&]() -> int {
    const auto options = zevi::cli::parse_sub_options(argc, argv);
    if (!options) return zevi::program::exit_ok;
    std::signal(SIGPIPE, SIG_IGN);
    return zevi::cli::SubCommand(*options).run();
  });
}

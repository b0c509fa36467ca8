#include "exec_bus.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <optional>

#include "../settings.hpp"
#include "child.hpp"
#include "program.hpp"
#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

constexpr std::size_t waiting_bytes_max = 1024 * 1024;

enum class Acknowledge : std::uint8_t { by_reading, by_lines };

class ExecBus : public Bus {
 public:
  ExecBus(std::string command, Acknowledge how, std::chrono::nanoseconds patience)
      : command_(std::move(command)), how_(how), patience_(patience) {}

  void open() override {
    waiting_.clear();
    written_ = 0;
    taken_ = 0;
    unread_.clear();
    child_.emplace(command_, how_ == Acknowledge::by_lines);
  }

  [[nodiscard]] Sent send(const Outgoing& message) override {
    if (waiting_.size() >= waiting_bytes_max) return Sent::full;
    waiting_ += message.payload;
    waiting_ += '\n';
    taken_ += message.payload.size() + 1;
    unread_.push_back({message.number, taken_});
    return Sent::yes;
  }

  void poll(Report& report) override {
    const auto end = child_->ended();
    const bool is_reading = write_waiting();
    if (how_ == Acknowledge::by_lines) {
      acknowledge_lines(report);
    } else if (is_reading && !end) {
      acknowledge_read(report);
    }
    if (end) throw Error(*end);
  }

  void close() noexcept override {
    if (!child_) return;
    child_->end(patience_);
    child_.reset();
  }

 private:
  struct Line {
    std::uint64_t number;
    std::uint64_t end;  // in the bytes of all lines since the command was started
  };

  /// False if the command reads no more.
  bool write_waiting() {
    while (!waiting_.empty()) {
      const ssize_t count = ::write(child_->input(), waiting_.data(), waiting_.size());
      if (count > 0) {
        written_ += static_cast<std::uint64_t>(count);
        waiting_.erase(0, static_cast<std::size_t>(count));
      } else if (errno == EAGAIN) {
        return true;
      } else if (errno != EINTR) {
        return false;
      }
    }
    return true;
  }

  void acknowledge_read(Report& report) {
    int in_pipe = 0;
    if (ioctl(child_->input(), FIONREAD, &in_pipe) != 0) return;
    const std::uint64_t read = written_ - static_cast<std::uint64_t>(in_pipe);
    while (!unread_.empty() && unread_.front().end <= read) acknowledge_next(report);
  }

  void acknowledge_lines(Report& report) {
    std::array<char, 4096> bytes;
    for (;;) {
      const ssize_t count = ::read(child_->output(), bytes.data(), bytes.size());
      if (count <= 0) return;
      auto lines = std::count(bytes.data(), bytes.data() + count, '\n');
      while (lines-- > 0 && !unread_.empty()) acknowledge_next(report);
    }
  }

  void acknowledge_next(Report& report) {
    report.acknowledged_to = unread_.front().number;
    unread_.pop_front();
  }

  const std::string command_;
  const Acknowledge how_;
  const std::chrono::nanoseconds patience_;
  std::optional<Child> child_;
  std::string waiting_;
  std::uint64_t written_ = 0;
  std::uint64_t taken_ = 0;
  std::deque<Line> unread_;
};

std::unique_ptr<Bus> make(const BusOptions& options) {
  if (options.url.path.empty()) throw program::UsageError("exec: has no command; give exec:COMMAND");
  const std::string& how = setting(options, "acknowledge");
  if (how != "read" && how != "lines") {
    throw program::UsageError("--set acknowledge is read or lines, not '" + how + "'");
  }
  return std::make_unique<ExecBus>(options.url.path,
                                   how == "read" ? Acknowledge::by_reading : Acknowledge::by_lines,
                                   duration_setting(options, "end-within"));
}

}  // namespace

const BusKind exec_bus{
    .scheme = "exec",
    .url = "exec:COMMAND",
    .purpose = "a command of the shell that reads a line of JSON an event, started again when it ends",
    .subject = "",
    .special = "",
    .takes_lines = true,
    .answer_within = {},
    .settings = {{"acknowledge", "read",
                  "an event is done with when the command has read it; or lines: when\n"
                  "                                it has written a line, whatever it says, for it"},
                 {"end-within", "10s", "how long it may go on when its input has ended"}},
    .make = make};

}  // namespace zevi::bridges

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

/// Lines on standard error, `NAME: LEVEL: text`, each written at once.
namespace zevi::program {

class Log {
 public:
  explicit Log(std::string name) : name_(std::move(name)) {}

  void info(std::string_view text) const { line("", text); }
  void warning(std::string_view text) const { line("warning: ", text); }
  void error(std::string_view text) const { line("error: ", text); }

 private:
  void line(std::string_view level, std::string_view text) const;

  std::string name_;
};

/// Lets one line a second pass and counts the others, so that a flood of bad input is no flood of log lines.
class OncePerSecond {
 public:
  using Clock = std::chrono::steady_clock;

  /// True if a line may be written now; `suppressed()` then tells how many were held back before it.
  [[nodiscard]] bool admit(Clock::time_point now) noexcept {
    if (last_ != Clock::time_point{} && now - last_ < std::chrono::seconds(1)) {
      ++held_back_;
      return false;
    }
    last_ = now;
    suppressed_ = held_back_;
    held_back_ = 0;
    return true;
  }
  [[nodiscard]] std::uint64_t suppressed() const noexcept { return suppressed_; }

 private:
  Clock::time_point last_{};
  std::uint64_t held_back_ = 0;
  std::uint64_t suppressed_ = 0;
};

}  // namespace zevi::program

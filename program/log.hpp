#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

/// Lines on standard error, `NAME: LEVEL: text`, each written at once; `<N>text` if systemd's journal reads
/// them, which has the name already and wants to know the level (sd-daemon(3)). Any thread.
namespace zevi::program {

class Log {
 public:
  enum class Level : std::uint8_t { error, warning, info };

  /// `part` of the program is named in front of every text; empty: none.
  explicit Log(std::string name, const std::string& part = "");

  /// Lines below this level are left out from now on.
  void show(Level least) noexcept { least_.store(least, std::memory_order_relaxed); }

  void info(std::string_view text) const { line(Level::info, text); }
  void warning(std::string_view text) const { line(Level::warning, text); }
  void error(std::string_view text) const { line(Level::error, text); }

 private:
  void line(Level level, std::string_view text) const;

  std::string name_;
  std::string part_;  ///< as it is written, with brackets
  bool is_for_journal_;
  std::atomic<Level> least_{Level::info};
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

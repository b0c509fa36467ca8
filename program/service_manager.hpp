#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace zevi::program {

/// Tells the service manager that started the program how it is, as sd_notify(3) has it; without one it does
/// nothing. Any thread.
class ServiceManager {
 public:
  /// Reads `$NOTIFY_SOCKET`, `$WATCHDOG_USEC` and `$WATCHDOG_PID`.
  ServiceManager();

  /// Whether a service manager has started the program.
  [[nodiscard]] bool is_there() const noexcept { return !socket_.empty(); }

  /// `READY=1`, `STATUS=...`, `STOPPING=1`, several with a line break between. Never waits; what the manager
  /// does not take is not told.
  void tell(std::string_view state) const noexcept;
  /// That the configuration is being read again; `READY=1` is to follow.
  void tell_reloading() const;

  /// How often `WATCHDOG=1` has to be told: in half the time after which the manager would end the program.
  /// None if it does not watch.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval() const noexcept {
    return watchdog_interval_;
  }

 private:
  std::string socket_;  ///< its path, or a name in the abstract namespace behind `@`; empty: none
  std::optional<std::chrono::microseconds> watchdog_interval_;
};

}  // namespace zevi::program

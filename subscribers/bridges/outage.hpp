#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "count.hpp"
#include "log.hpp"

namespace zevi::bridges {

/// How it stands with a bus, for any thread to read.
struct Link {
  std::atomic<bool> is_up = false;
  Count retries;  ///< how often it had to be tried again
  Count failed;   ///< how often since it was last there
};

/// When a bus that fails is tried again, and what is said about it: a line when it goes away, for each reason
/// one, and one when it takes or gives something again.
class Outage {
 public:
  using Clock = std::chrono::steady_clock;

  /// `bus` is how it is called in the lines.
  Outage(const program::Log& log, std::string bus, Link& link)
      : log_(log), bus_(std::move(bus)), link_(link) {}
  ~Outage() { link_.is_up = false; }
  Outage(const Outage&) = delete;
  Outage& operator=(const Outage&) = delete;

  [[nodiscard]] bool is_connected() const noexcept { return link_.is_up; }

  [[nodiscard]] Clock::time_point try_at() const noexcept { return try_at_; }
  /// There is a connection. Behind an outage it is worth a line only if it will not have to prove itself.
  void note_connection(bool has_work);
  /// It has done what it is there for.
  void note_success();
  /// Waits longer each time before the next attempt.
  void note_failure(std::string_view reason);

 private:
  void tell_connected();

  const program::Log& log_;
  const std::string bus_;
  Link& link_;
  std::string reason_;  // empty when there is no outage
  bool was_connected_ = false;
  std::chrono::milliseconds pause_{0};
  Clock::time_point try_at_{};
};

}  // namespace zevi::bridges

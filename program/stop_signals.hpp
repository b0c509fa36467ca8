#pragma once

#include <csignal>

namespace zevi::program {

/// SIGINT and SIGTERM as a readable file descriptor. Make it before the first thread, so that every thread
/// inherits the blocked signals; a second signal while the program winds up ends it at once.
class StopSignals {
 public:
  enum class Hangup : bool { acts_as_usual, is_taken };

  /// SIGHUP too, if the program has something to do then other than to end.
  explicit StopSignals(Hangup hangup = Hangup::acts_as_usual);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Readable once a signal came.
  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// Takes the signal if one came, and gives its number, else 0. Behind all but SIGHUP, the signals act as
  /// usual.
  [[nodiscard]] int take() noexcept;

 private:
  int fd_;
  sigset_t signals_;
};

}  // namespace zevi::program

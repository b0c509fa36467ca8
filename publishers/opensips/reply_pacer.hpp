#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "stream_connection.hpp"

namespace zevi::ingest {

/// Answers the requests of event_stream's reliable_mode, which reports an event as failed when no answer
/// comes within a second.
///
/// OpenSIPS takes one answer a read, with nothing behind it: its code for several in one read keeps a pointer
/// to freed memory, and closes the connection when there are more than five. So each answer is sent alone,
/// with a pause behind it in which OpenSIPS reads it. It matches answers by `id`, looks for the presence of
/// `error`, and ignores the rest.
///
/// Used by the main thread. A connection outlives the answers that wait on it.
class ReplyPacer {
 public:
  using Clock = std::chrono::steady_clock;

  /// Between two answers on one connection: 2,000 events a second, several times what an OpenSIPS in
  /// reliable_mode brings forth.
  static constexpr std::chrono::microseconds pause{500};
  /// Answers that wait on one connection; what is beyond would come after OpenSIPS's second anyway.
  static constexpr std::size_t waiting_max = 4096;

  void taken(StreamConnection& connection, std::string_view id);
  void refused(StreamConnection& connection, std::string_view id, std::string_view reason);

  /// Sends what is due. When the next is due; the end of time if nothing waits.
  Clock::time_point send_due(Clock::time_point now);
  [[nodiscard]] bool idle() const noexcept { return waiting_.empty(); }
  /// Requests that got no answer, because too many waited.
  [[nodiscard]] std::uint64_t unanswered() const noexcept { return unanswered_; }

 private:
  void add(StreamConnection& connection, std::string reply);

  std::vector<StreamConnection*> waiting_;
  std::uint64_t unanswered_ = 0;
};

}  // namespace zevi::ingest

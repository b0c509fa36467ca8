#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "address.hpp"
#include "counters.hpp"
#include "datagram_socket.hpp"
#include "event_publisher.hpp"
#include "handover_queue.hpp"
#include "log.hpp"
#include "mi_subscriptions.hpp"
#include "notification.hpp"
#include "reading_thread.hpp"
#include "reply_pacer.hpp"
#include "stop_signals.hpp"
#include "stream_connection.hpp"
#include "stream_listener.hpp"

namespace zevi::ingest {

struct IngestOptions {
  std::vector<Address> datagrams;
  std::vector<Address> streams;
  unsigned mode = 0660;                    ///< of the files of unix sockets
  std::uint64_t queue_bytes = 0;           ///< between the reading thread and the main thread
  std::chrono::nanoseconds statistics{0};  ///< how often the counters are logged; 0 for never
  EventPublisher::Options publisher;
  std::optional<MiSubscriptions::Options>
      subscriptions;  ///< its `socket` may be empty: the first that is listened at
};

/// Takes events from OpenSIPS and publishes them. Two threads do the work: the reading thread reads the
/// sockets, and the main thread, which makes this object and calls `run`, does everything else. A third asks
/// OpenSIPS for the events, if it is to be asked.
class Ingest {
 public:
  /// Binds every socket. Throws `zevi::Error`. Threads start in `run`.
  Ingest(const IngestOptions& options, const program::Log& log);
  ~Ingest();

  /// Works until a signal comes, then takes what has arrived, waits for the broker and returns.
  void run(program::StopSignals& signals);

 private:
  using Clock = std::chrono::steady_clock;

  void work_until(const std::function<bool()>& done, int signal_fd, std::chrono::milliseconds wait_max);
  [[nodiscard]] bool take_deliveries();
  void take(const Delivery& delivery);
  void take_stream(StreamConnection& connection, const Delivery& delivery);
  void close_stream(StreamConnection& connection);
  /// Empty if the event was taken in, else why not.
  [[nodiscard]] std::string_view take_event(std::string_view text, std::int64_t time_ns,
                                            const std::string& from);
  [[nodiscard]] std::string_view publish(std::int64_t time_ns);

  void complain(const std::string& from, std::string_view what, std::string_view text);
  void collect_counters();
  void report(Clock::time_point now);
  void say_where() const;
  void say_result(std::uint64_t unacknowledged);

  const program::Log& log_;
  std::chrono::nanoseconds statistics_every_;
  EventPublisher publisher_;
  std::vector<std::unique_ptr<DatagramSocket>> sockets_;
  std::vector<std::unique_ptr<StreamListener>> listeners_;
  HandoverQueue queue_;
  ReadingThread reading_;
  std::unique_ptr<MiSubscriptions> subscriptions_;

  NotificationReader reader_;
  ReplyPacer replies_;
  std::vector<std::unique_ptr<StreamConnection>> ending_;  ///< with answers left to send
  Counters counters_;
  std::uint64_t lost_reported_ = 0;
  std::uint64_t dropped_reported_ = 0;
  std::uint64_t received_reported_ = 0;
  Clock::time_point next_look_{};
  Clock::time_point next_statistics_{};
  program::OncePerSecond complaints_;
};

}  // namespace zevi::ingest

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "datagram_socket.hpp"
#include "descriptor.hpp"
#include "handover_queue.hpp"
#include "stream_listener.hpp"

namespace zevi::ingest {

struct StreamConnection;

/// Reads every socket as soon as there is something to read and hands it over, and does nothing else: a unix
/// datagram socket holds 10 datagrams by default, and OpenSIPS drops what does not fit without telling
/// anyone.
///
/// When the queue is full, datagrams are read all the same, dropped and counted; streams are left unread, so
/// that TCP holds OpenSIPS back, until there is room again.
class ReadingThread {
 public:
  /// All of them are borrowed and outlive this object.
  ReadingThread(std::vector<std::unique_ptr<DatagramSocket>>& sockets,
                std::vector<std::unique_ptr<StreamListener>>& listeners, HandoverQueue& queue);
  ~ReadingThread();
  ReadingThread(const ReadingThread&) = delete;
  ReadingThread& operator=(const ReadingThread&) = delete;

  void start();
  /// Asks it to read what has arrived and then to end; each connection is handed over as closed.
  void stop() noexcept;
  /// True once it has ended. What it handed over may still lie in the queue.
  [[nodiscard]] bool finished() const noexcept { return finished_.load(std::memory_order_acquire); }

  /// Datagrams that were read and found the queue full.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }
  /// How often streams were left unread because the queue was full.
  [[nodiscard]] std::uint64_t stream_pauses() const noexcept {
    return stream_pauses_.load(std::memory_order_relaxed);
  }
  /// Connections that were closed at once, because there were too many.
  [[nodiscard]] std::uint64_t refused_connections() const noexcept {
    return refused_connections_.load(std::memory_order_relaxed);
  }

 private:
  struct Batch;

  void run();
  /// Waits at most `timeout_ms` and reads what is ready. How many sockets were.
  int read_ready(int timeout_ms);
  void read_datagrams(DatagramSocket& socket);
  void deliver(DatagramSocket& socket, std::size_t count, std::int64_t now_ns);
  void accept_all(const StreamListener& listener);
  void read_stream(StreamConnection& connection);
  void end_stream(StreamConnection& connection);
  void pause_streams();
  void resume_streams();
  void end_all();

  std::vector<std::unique_ptr<DatagramSocket>>& sockets_;
  std::vector<std::unique_ptr<StreamListener>>& listeners_;
  HandoverQueue& queue_;
  Descriptor epoll_;
  Descriptor stop_event_;
  std::thread thread_;

  // The reading thread.
  std::unique_ptr<Batch> batch_;
  std::unordered_map<int, StreamConnection*> connections_;  ///< by descriptor; the main thread frees them
  bool streams_paused_ = false;

  std::atomic<bool> stopping_{false};
  std::atomic<bool> finished_{false};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> stream_pauses_{0};
  std::atomic<std::uint64_t> refused_connections_{0};
};

}  // namespace zevi::ingest

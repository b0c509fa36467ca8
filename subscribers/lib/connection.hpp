#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "frames.hpp"
#include "ledger.hpp"
#include "zevi/subscriber.hpp"

namespace zevi::subscriber {

/// The SUB socket: where it connects, whether it is connected, and waiting for it. libzmq connects again by
/// itself; this looks up the runtime directory anew meanwhile, since `/run/zevi` may come into being.
class Connection {
 public:
  explicit Connection(const SubscriberOptions& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void subscribe(const std::string& prefix) { socket_.set(zmq::sockopt::subscribe, prefix); }
  void unsubscribe(const std::string& prefix) { socket_.set(zmq::sockopt::unsubscribe, prefix); }
  /// Begins to connect.
  void open();

  enum class Received : std::uint8_t { nothing, message, malformed };
  /// Takes a message if one is there. `malformed` has another number of frames than three, and is gone.
  [[nodiscard]] Received receive(Frames& frames);

  enum class Woken : std::uint8_t {
    socket,  ///< something may have arrived here or there, or the connection came or went
    deadline,
    interrupted,  ///< a signal handler ran
    wake_fd,
  };
  /// What else a wait looks at.
  struct Beside {
    void* other_socket = nullptr;  ///< of ZeroMQ; null for none
    bool wants_events = true;      ///< false: events may stay where they are
  };
  /// Waits, until the end of time if there is no deadline.
  [[nodiscard]] Woken wait(std::optional<Clock::time_point> deadline, Beside beside);
  /// True if the wake descriptor is readable.
  [[nodiscard]] bool is_woken() const noexcept;

  /// Takes note of what happened to the connection. True if it was lost since the last call.
  [[nodiscard]] bool update();
  [[nodiscard]] bool connected() const noexcept { return connected_; }
  [[nodiscard]] const std::string& endpoint() const noexcept { return endpoint_; }
  [[nodiscard]] zmq::context_t& context() noexcept { return context_; }

 private:
  void set_options(const SubscriberOptions& options);
  void watch();
  [[nodiscard]] std::string look_up() const;
  void follow_runtime_dir();
  [[nodiscard]] int discard_rest(zmq::message_t& frame);
  [[nodiscard]] std::optional<int> next_connection_event();

  const std::string runtime_dir_;
  const Feed feed_;
  const int wake_fd_;
  const bool has_fixed_endpoint_;
  std::string endpoint_;
  bool connected_ = false;
  Clock::time_point looked_up_{};

  std::optional<zmq::context_t> own_context_;
  zmq::context_t& context_;
  zmq::socket_t socket_;
  zmq::socket_t monitor_;
};

}  // namespace zevi::subscriber

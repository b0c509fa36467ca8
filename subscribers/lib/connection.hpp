#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "frames.hpp"
#include "ledger.hpp"
#include "zevi/subscriber.hpp"

namespace zevi::subscriber {

/// The SUB socket: where it connects, whether it is connected, and waiting for it. It connects to the
/// broker's main endpoint, and to those of routes beside it. libzmq connects again by itself; this looks up
/// the runtime directory anew meanwhile, since `/run/zevi` may come into being.
class Connection {
 public:
  explicit Connection(const SubscriberOptions& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void subscribe(const std::string& prefix) { socket_.set(zmq::sockopt::subscribe, prefix); }
  void unsubscribe(const std::string& prefix) { socket_.set(zmq::sockopt::unsubscribe, prefix); }
  /// Begins to connect to the main endpoint.
  void open();
  /// True for an endpoint that the one who reads the main endpoint can reach as well: the broker names those
  /// of routes as they are on its machine.
  [[nodiscard]] bool can_reach(std::string_view route) const noexcept;
  /// Connects to these as well, and to no others any more.
  void follow_routes(const std::vector<std::string>& endpoints);

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

  /// Takes note of what happened to the connections, and calls `lost` with the endpoint of each that was lost
  /// since the last call.
  void update(const std::function<void(const std::string& endpoint)>& lost);
  /// To the main endpoint.
  [[nodiscard]] bool connected() const noexcept { return connected_; }
  [[nodiscard]] const std::string& endpoint() const noexcept { return endpoint_; }
  [[nodiscard]] zmq::context_t& context() noexcept { return context_; }

 private:
  void set_options(const SubscriberOptions& options);
  void watch();
  [[nodiscard]] std::string look_up() const;
  void follow_runtime_dir();
  [[nodiscard]] int discard_rest(zmq::message_t& frame);
  struct Event {
    int what = 0;
    std::string endpoint;
  };
  [[nodiscard]] std::optional<Event> next_connection_event();
  [[nodiscard]] bool note(const Event& event);

  const std::string runtime_dir_;
  const Feed feed_;
  const int wake_fd_;
  const bool has_fixed_endpoint_;
  std::string endpoint_;
  bool connected_ = false;
  struct AtRoute {
    bool is_followed = true;  ///< false: what libzmq may still tell of it is of no interest
    bool connected = false;
  };
  std::map<std::string, AtRoute> routes_;  // by endpoint
  Clock::time_point looked_up_{};

  std::optional<zmq::context_t> own_context_;
  zmq::context_t& context_;
  zmq::socket_t socket_;
  zmq::socket_t monitor_;
};

}  // namespace zevi::subscriber

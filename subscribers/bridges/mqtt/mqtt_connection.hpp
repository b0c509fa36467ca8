#pragma once

#include <mosquitto.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "../bridge.hpp"
#include "../tls_context.hpp"
#include "mqtt_place.hpp"
#include "socket_watch.hpp"

namespace zevi::bridges {

/// How a client begins.
struct MqttSession {
  std::string client_id;
  std::chrono::seconds keepalive{0};
  /// A reader acknowledges by `write` alone, and goes without taking leave, by which it would acknowledge
  /// too.
  bool is_reader = false;
  /// The server keeps it under the client's id.
  bool is_kept = false;
};

/// What the server says it takes.
struct MqttLimits {
  std::uint16_t in_flight_max = UINT16_MAX;  ///< of messages that are not acknowledged yet
  std::uint8_t qos_max = 2;
  bool keeps_messages = true;  ///< those that are sent to be retained
};

/// What comes from the server; called from within the calls of `MqttConnection`.
class MqttListener {
 public:
  /// The message of this id is acknowledged with a reason code, of which those from 0x80 on are refusals.
  /// With QoS 0 it says that the message has been written, from within the call that sends it too.
  virtual void hear_acknowledged(int /*id*/, int /*reason*/) {}
  virtual void hear_unsubscribed(int /*id*/) {}
  virtual void hear_subscribed(bool /*is_granted*/) {}
  virtual void hear_message(const mosquitto_message& /*message*/) {}

 protected:
  ~MqttListener() = default;
};

/// A connection of libmosquitto, which speaks MQTT 5, or as a reader 3.1.1: only there the library keeps a
/// session by a call that does not wait. It is driven by the calls that are made here: no thread, no
/// attempt to connect again by itself, and nothing that waits but the constructor, for two seconds at most.
class MqttConnection {
 public:
  /// Returns when the server has let us in. Throws `zevi::Error`.
  MqttConnection(const BusOptions& options, const MqttSession& session, MqttListener& listener);
  ~MqttConnection();
  MqttConnection(const MqttConnection&) = delete;
  MqttConnection& operator=(const MqttConnection&) = delete;

  [[nodiscard]] mosquitto* client() const noexcept { return client_.get(); }
  [[nodiscard]] const MqttLimits& limits() const noexcept { return limits_; }
  /// Whether the server has kept the session of an earlier connection.
  [[nodiscard]] bool has_session() const noexcept { return has_session_; }
  [[nodiscard]] int fd() const noexcept { return watch_.fd(); }

  [[nodiscard]] bool can_read() const;
  /// Reads a message, or more if they came together; false if no more is there. The library has answers to
  /// them ready then, which `write` sends.
  bool read();
  /// Reads and writes what can be without waiting. That the connection is lost is kept for `check`.
  void exchange();
  /// Writes what the calls to the library have left.
  void write();
  /// Keeps what a call to the library has returned.
  void note(int code);
  [[nodiscard]] bool is_lost() const noexcept { return !loss_.empty(); }
  /// Throws `zevi::Error` if the connection is lost.
  void check() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Deleter {
    void operator()(mosquitto* client) const noexcept { mosquitto_destroy(client); }
  };
  /// The library's own state of the process, which counts how often it is asked for.
  struct Library {
    Library() { mosquitto_lib_init(); }
    ~Library() { mosquitto_lib_cleanup(); }
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;
  };

  void connect(const BusOptions& options, const MqttSession& session, Clock::time_point deadline);
  void make_client(const BusOptions& options, const MqttSession& session);
  void set_callbacks();
  void set_tls(const Tls& tls);
  [[nodiscard]] std::string connect_from(const char* own_address, const MqttSession& session,
                                         Clock::time_point deadline);
  void greet(Clock::time_point deadline);
  void lose(std::string reason);

  void hear_greeting(int reason, int flags, const mosquitto_property* properties);
  void hear_end(int reason);
  void hear_log(int level, const char* words);

  const Library library_;
  const MqttPlace place_;
  MqttListener& listener_;
  MqttLimits limits_;
  SocketWatch watch_;
  TlsContext tls_;
  std::unique_ptr<mosquitto, Deleter> client_;
  const bool is_reader_;
  bool is_greeted_ = false;
  bool has_session_ = false;
  std::string loss_;       // why the connection is lost; empty while it is there
  std::string tls_words_;  // the last complaint of TLS
};

}  // namespace zevi::bridges

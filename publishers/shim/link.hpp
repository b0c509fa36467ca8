#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <zmq.hpp>

#include "address.hpp"
#include "resend_window.hpp"

namespace zevi::shim {

/// The DEALER towards the broker: connecting, frames out and in. It belongs to the flusher's thread, never
/// waits, and throws `zmq::error_t` only when its context was ended.
class Link {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Change { none, connected, disconnected };

  /// Makes the socket in `context` (not owned) or, if that is null, in a context of its own, and begins to
  /// connect. Throws `zevi::Error`.
  Link(void* context, Address address);
  /// Closes the socket; what was sent is given `linger` to leave.
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  void set_linger(std::chrono::milliseconds linger);

  /// Looks whether there is a connection. With ZMQ_IMMEDIATE the socket has a pipe, and so is ready to send,
  /// only while there is one.
  [[nodiscard]] Change look(Clock::time_point now);
  [[nodiscard]] bool is_connected() const noexcept { return connected_; }
  /// Whether there was a message when we last looked.
  [[nodiscard]] bool has_input() const noexcept { return has_input_; }

  /// Without a connection for some time: looks for the broker's endpoint again, which may be another one now.
  void keep_connecting(Clock::time_point now);
  [[nodiscard]] Clock::time_point next_attempt() const noexcept {
    return connected_ ? Clock::time_point::max() : next_attempt_;
  }

  /// The next message, if it has one frame; longer ones are no message of this protocol and are passed over.
  [[nodiscard]] bool receive(zmq::message_t& frame);
  /// False if there is no connection.
  [[nodiscard]] bool send(std::string_view control_frame);
  [[nodiscard]] bool send(Batch& batch);

  /// Readable when something has happened since the socket was last used; then `needs_attention` tells
  /// whether it matters.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] bool needs_attention();

 private:
  struct EndContext {
    void operator()(void* context) const noexcept;
  };
  struct CloseSocket {
    void operator()(void* socket) const noexcept { zmq_close(socket); }
  };

  void make_socket(void* context);
  void configure();
  void connect(const std::string& endpoint);
  void disconnect() noexcept;

  const Address address_;
  std::unique_ptr<void, EndContext> own_context_;
  std::unique_ptr<void, CloseSocket> handle_;
  zmq::socket_ref socket_;  ///< to `handle_`
  std::string endpoint_;    ///< empty while there is none to connect to
  int descriptor_ = -1;
  bool connected_ = false;
  bool has_input_ = false;
  Clock::time_point next_attempt_{};
};

}  // namespace zevi::shim

#pragma once

#include <amqp.h>
#include <amqp_framing.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "../bridge.hpp"
#include "../byte_stream.hpp"
#include "amqp_frames.hpp"
#include "rabbitmq_options.hpp"

namespace zevi::bridges {

/// What there is to say about a channel that the server has closed; `missing` if that is because something is
/// not there. Throws `zevi::Error`.
[[noreturn]] void fail_channel(const amqp_channel_close_t& close, const std::string& missing);
/// The fields of an answer if it is this method.
const void* expect_of_channel(const amqp_method_t& answer, amqp_method_number_t expected,
                              const std::string& missing);
[[nodiscard]] std::string no_exchange(const std::string& name);

/// A connection with one open channel. The protocol's codec is librabbitmq's; its connections are not used,
/// because they wait for a server that reads nothing, as RabbitMQ does when it is short of memory or disk.
class RabbitmqConnection {
 public:
  /// Connects, says who it is, and opens the channel, within two seconds. Throws `zevi::Error`.
  explicit RabbitmqConnection(const BusOptions& options);
  /// Takes its leave if it can without waiting.
  ~RabbitmqConnection();
  RabbitmqConnection(const RabbitmqConnection&) = delete;
  RabbitmqConnection& operator=(const RabbitmqConnection&) = delete;

  [[nodiscard]] int fd() const noexcept { return stream_.fd(); }
  /// How much is to be written still.
  [[nodiscard]] std::size_t unsent() const noexcept { return stream_.unsent(); }
  [[nodiscard]] std::size_t frame_bytes_max() const noexcept { return frame_bytes_max_; }
  /// Why the server takes nothing for now, as it says itself; empty if it does not say so.
  [[nodiscard]] const std::string& blocked() const noexcept { return blocked_; }

  /// To the channel; `fields` is the library's struct. What it points to is not needed any more afterwards.
  template <typename Fields>
  void send(amqp_method_number_t method, Fields fields, std::size_t room = 1024) {
    append_amqp_method(stream_.out(), channel_number, method, &fields, room);
  }
  void send_content(std::string_view head, std::string_view body) {
    append_amqp_content(stream_.out(), channel_number, frame_bytes_max_, head, body);
  }

  /// The same while it is being opened, and what the server answers: a method of the channel, which may be
  /// that it closes it. Good until the next call.
  template <typename Fields>
  [[nodiscard]] amqp_method_t ask(amqp_method_number_t method, Fields fields) {
    send(method, fields);
    return wait_for_method();
  }

  /// Writes and reads what can be without waiting, and heartbeats.
  void exchange();
  /// The next frame of the channel, null if there is none; good until the next call. Throws `zevi::Error` if
  /// the connection is lost and nothing that came before is left.
  [[nodiscard]] const amqp_frame_t* next();

 private:
  using Clock = TcpSocket::Clock;
  static constexpr amqp_channel_t channel_number = 1;

  void log_in(const BusOptions& options);
  void tune(const amqp_connection_tune_t& limits);
  void open_vhost();
  [[nodiscard]] amqp_method_t wait_for_method();
  /// Of any channel.
  [[nodiscard]] const amqp_frame_t* next_frame();
  [[nodiscard]] amqp_method_t expect(amqp_method_number_t method);
  void hear(const amqp_method_t& method);
  template <typename Fields>
  void send_to_connection(amqp_method_number_t method, Fields fields, std::size_t room = 1024) {
    append_amqp_method(stream_.out(), 0, method, &fields, room);
  }

  const RabbitmqPlace place_;
  const std::chrono::seconds heartbeat_;
  const Clock::time_point opened_by_;
  ByteStream stream_;
  AmqpReader reader_;
  std::size_t frame_bytes_max_;
  std::string stage_;  // what cannot go on if the server ends the connection
  std::string blocked_;
  bool is_open_ = false;
  Clock::time_point spoke_at_;
  Clock::time_point heard_at_;
};

}  // namespace zevi::bridges

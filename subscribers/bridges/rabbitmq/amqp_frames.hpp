#pragma once

#include <amqp.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

/// Frames of AMQP 0-9-1, made and read with librabbitmq's codec, without its connections.
namespace zevi::bridges {

/// A frame's head and end.
inline constexpr std::size_t amqp_frame_overhead = 8;

/// Adds a frame with a method, of which `fields` is the library's struct. `room` is what its text may take.
void append_amqp_method(std::string& out, amqp_channel_t channel, amqp_method_number_t method, void* fields,
                        std::size_t room);

/// What a message has beside its body, as it goes into one frame. `room` is what its text may take.
[[nodiscard]] std::string encode_amqp_content_head(amqp_basic_properties_t& properties, std::size_t body_size,
                                                   std::size_t room);
/// Adds the frames behind the method: the head, and the body in as many as it needs.
void append_amqp_content(std::string& out, amqp_channel_t channel, std::size_t frame_bytes_max,
                         std::string_view head, std::string_view body);
void append_amqp_heartbeat(std::string& out);

/// Takes frames out of bytes as they come.
class AmqpReader {
 public:
  AmqpReader();

  void set_frame_bytes_max(std::size_t bytes);
  void feed(std::string_view bytes);
  /// The next whole frame, null if there is none; good until the next call. Throws `zevi::Error` for what is
  /// none.
  [[nodiscard]] const amqp_frame_t* next();

 private:
  struct Deleter {
    void operator()(amqp_connection_state_t_* state) const noexcept { amqp_destroy_connection(state); }
  };
  std::unique_ptr<amqp_connection_state_t_, Deleter> state_;
  std::string bytes_;
  std::size_t at_ = 0;  // in bytes_
  amqp_frame_t frame_{};
};

}  // namespace zevi::bridges

#include "amqp_frames.hpp"

#include <amqp_framing.h>

#include <algorithm>

#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

constexpr char end_of_frame = '\xCE';

// Of numbers, flags and lengths of any method and of all properties.
constexpr std::size_t fixed_room = 512;

void append_number(std::string& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>((value >> (8 * i)) & 0xFF);
}

void append_frame(std::string& out, int type, amqp_channel_t channel, std::string_view payload) {
  append_number(out, static_cast<std::uint64_t>(type), 1);
  append_number(out, channel, 2);
  append_number(out, payload.size(), 4);
  out += payload;
  out += end_of_frame;
}

/// Cuts the text to what an encoder says it has written behind `begin`.
void trim(std::string& text, std::size_t begin, int size) {
  if (size < 0) throw Error("cannot be said in AMQP: " + std::string(amqp_error_string2(size)));
  text.resize(begin + static_cast<std::size_t>(size));
}

amqp_bytes_t behind(std::string& text, std::size_t begin) {
  return {text.size() - begin, text.data() + begin};
}

}  // namespace

void append_amqp_method(std::string& out, amqp_channel_t channel, amqp_method_number_t method, void* fields,
                        std::size_t room) {
  std::string payload;
  append_number(payload, method, 4);
  const std::size_t begin = payload.size();
  payload.resize(begin + fixed_room + room);
  trim(payload, begin, amqp_encode_method(method, fields, behind(payload, begin)));
  append_frame(out, AMQP_FRAME_METHOD, channel, payload);
}

std::string encode_amqp_content_head(amqp_basic_properties_t& properties, std::size_t body_size,
                                     std::size_t room) {
  std::string head;
  append_number(head, AMQP_BASIC_CLASS, 2);
  append_number(head, 0, 2);
  append_number(head, body_size, 8);
  const std::size_t begin = head.size();
  head.resize(begin + fixed_room + room);
  trim(head, begin, amqp_encode_properties(AMQP_BASIC_CLASS, &properties, behind(head, begin)));
  return head;
}

void append_amqp_content(std::string& out, amqp_channel_t channel, std::size_t frame_bytes_max,
                         std::string_view head, std::string_view body) {
  append_frame(out, AMQP_FRAME_HEADER, channel, head);
  const std::size_t part_max = frame_bytes_max - amqp_frame_overhead;
  for (; !body.empty(); body.remove_prefix(std::min(part_max, body.size()))) {
    append_frame(out, AMQP_FRAME_BODY, channel, body.substr(0, part_max));
  }
}

void append_amqp_heartbeat(std::string& out) {
  append_frame(out, AMQP_FRAME_HEARTBEAT, 0, {});
}

AmqpReader::AmqpReader() : state_(amqp_new_connection()) {
  if (!state_) throw Error("out of memory");
}

void AmqpReader::set_frame_bytes_max(std::size_t bytes) {
  const int code = amqp_tune_connection(state_.get(), 1, static_cast<int>(bytes), 0);
  if (code != AMQP_STATUS_OK) throw Error(amqp_error_string2(code));
}

void AmqpReader::feed(std::string_view bytes) {
  bytes_.erase(0, at_);
  at_ = 0;
  bytes_ += bytes;
}

const amqp_frame_t* AmqpReader::next() {
  amqp_maybe_release_buffers(state_.get());
  while (at_ < bytes_.size()) {
    frame_ = {};
    const int count = amqp_handle_input(state_.get(), behind(bytes_, at_), &frame_);
    if (count <= 0) {
      throw Error("the server does not speak AMQP 0-9-1: " + std::string(amqp_error_string2(count)));
    }
    at_ += static_cast<std::size_t>(count);
    // Of a part of a frame, or of one that means nothing to the library, it is 0.
    if (frame_.frame_type != 0) return &frame_;
  }
  return nullptr;
}

}  // namespace zevi::bridges

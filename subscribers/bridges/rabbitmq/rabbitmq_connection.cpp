#include "rabbitmq_connection.hpp"

#include <algorithm>
#include <array>

#include "amqp_bytes.hpp"
#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

constexpr std::chrono::seconds patience{2};

// RabbitMQ's own standard, and what the codec begins with. AMQP knows none below the other.
constexpr std::size_t frame_bytes_standard = 131072;
constexpr std::size_t frame_bytes_least = 4096;

// A server that has said nothing for so many heartbeats is gone: what AMQP advises.
constexpr int heartbeats_missed = 2;

constexpr std::uint16_t closed_by_client = 200;

// The library's type of a greeting, which a server that speaks something else sends instead of a frame.
constexpr std::uint8_t greeting_frame = 'A';

constexpr std::string_view greeting("AMQP\0\0\x09\x01", 8);

amqp_table_entry_t capability(std::string_view name) {
  amqp_table_entry_t entry{};
  entry.key = amqp_bytes(name);
  entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
  entry.value.value.boolean = 1;
  return entry;
}

[[noreturn]] void fail_unexpected() {
  throw Error("the server does not speak as RabbitMQ does");
}

}  // namespace

void fail_channel(const amqp_channel_close_t& close, const std::string& missing) {
  const std::string text(text_of(close.reply_text));
  if (close.reply_code == AMQP_NOT_FOUND) throw Error(missing + " (" + text + ")");
  throw Error("RabbitMQ has closed the channel: " + text);
}

const void* expect_of_channel(const amqp_method_t& answer, amqp_method_number_t expected,
                              const std::string& missing) {
  if (answer.id == AMQP_CHANNEL_CLOSE_METHOD) {
    fail_channel(*static_cast<const amqp_channel_close_t*>(answer.decoded), missing);
  }
  if (answer.id != expected) fail_unexpected();
  return answer.decoded;
}

std::string no_exchange(const std::string& name) {
  return "there is no exchange '" + name + "': make it in RabbitMQ, or name another by --set exchange";
}

RabbitmqConnection::RabbitmqConnection(const BusOptions& options)
    : place_(rabbitmq_place_of(options)),
      heartbeat_(rabbitmq_heartbeat_of(options)),
      opened_by_(Clock::now() + patience),
      stream_(place_.host, place_.port, options.tls, opened_by_),
      frame_bytes_max_(frame_bytes_standard),
      spoke_at_(Clock::now()),
      heard_at_(spoke_at_) {
  stream_.out() += greeting;
  stage_ = "cannot log in";
  log_in(options);
  tune(*static_cast<const amqp_connection_tune_t*>(expect(AMQP_CONNECTION_TUNE_METHOD).decoded));
  stage_ = "cannot open the virtual host '" + place_.vhost + "'";
  open_vhost();
  stage_ = "the server has ended the connection";
  if (ask(AMQP_CHANNEL_OPEN_METHOD, amqp_channel_open_t{}).id != AMQP_CHANNEL_OPEN_OK_METHOD)
    fail_unexpected();
  is_open_ = true;
}

RabbitmqConnection::~RabbitmqConnection() {
  if (!is_open_ || unsent() > 0 || !stream_.loss().empty()) return;
  try {
    amqp_connection_close_t leave{};
    leave.reply_code = closed_by_client;
    send_to_connection(AMQP_CONNECTION_CLOSE_METHOD, leave);
    stream_.exchange([](std::string_view) {});
  } catch (...) {  // out of memory: it goes without
  }
}

void RabbitmqConnection::log_in(const BusOptions& options) {
  const auto& start =
      *static_cast<const amqp_connection_start_t*>(expect(AMQP_CONNECTION_START_METHOD).decoded);
  if (text_of(start.mechanisms).find("PLAIN") == std::string_view::npos) {
    throw Error("cannot log in: the server takes no passwords (PLAIN), but " +
                std::string(text_of(start.mechanisms)));
  }
  // What we make sense of, and are told only if we say so.
  std::array capabilities{capability("authentication_failure_close"), capability("publisher_confirms"),
                          capability("basic.nack"), capability("connection.blocked"),
                          capability("consumer_cancel_notify")};
  amqp_table_entry_t able{};
  able.key = amqp_bytes("capabilities");
  able.value.kind = AMQP_FIELD_KIND_TABLE;
  able.value.value.table = {capabilities.size(), capabilities.data()};
  const std::string name = "zevi-bridge-" + options.name;
  std::array properties{amqp_text_entry("product", "zevi"), amqp_text_entry("connection_name", name), able};
  const Credentials& who = options.credentials;
  const std::string response = std::string(1, '\0') + who.user + std::string(1, '\0') + who.password;
  amqp_connection_start_ok_t fields{};
  fields.client_properties = {properties.size(), properties.data()};
  fields.mechanism = amqp_bytes("PLAIN");
  fields.response = amqp_bytes(response);
  fields.locale = amqp_bytes("en_US");
  send_to_connection(AMQP_CONNECTION_START_OK_METHOD, fields, 1024 + name.size() + response.size());
}

void RabbitmqConnection::tune(const amqp_connection_tune_t& limits) {
  // 0 is no limit.
  if (limits.frame_max != 0) frame_bytes_max_ = std::min<std::size_t>(frame_bytes_max_, limits.frame_max);
  frame_bytes_max_ = std::max(frame_bytes_max_, frame_bytes_least);
  amqp_connection_tune_ok_t fields{};
  fields.channel_max = 1;
  fields.frame_max = static_cast<std::uint32_t>(frame_bytes_max_);
  fields.heartbeat = static_cast<std::uint16_t>(heartbeat_.count());
  send_to_connection(AMQP_CONNECTION_TUNE_OK_METHOD, fields);
  reader_.set_frame_bytes_max(frame_bytes_max_);
}

void RabbitmqConnection::open_vhost() {
  amqp_connection_open_t fields{};
  fields.virtual_host = amqp_bytes(place_.vhost);
  send_to_connection(AMQP_CONNECTION_OPEN_METHOD, fields);
  static_cast<void>(expect(AMQP_CONNECTION_OPEN_OK_METHOD));
}

amqp_method_t RabbitmqConnection::wait_for_method() {
  while (true) {
    exchange();
    while (const amqp_frame_t* const frame = next_frame()) {
      if (frame->frame_type == AMQP_FRAME_METHOD) return frame->payload.method;
    }
    stream_.wait(opened_by_);
  }
}

amqp_method_t RabbitmqConnection::expect(amqp_method_number_t method) {
  const amqp_method_t heard = wait_for_method();
  if (heard.id != method) fail_unexpected();
  return heard;
}

void RabbitmqConnection::exchange() {
  const Clock::time_point now = Clock::now();
  // What has to be written says that we are there as well.
  if (unsent() > 0) {
    spoke_at_ = now;
  } else if (now - spoke_at_ >= heartbeat_ / heartbeats_missed) {
    append_amqp_heartbeat(stream_.out());
    spoke_at_ = now;
  }
  stream_.exchange([this, now](std::string_view bytes) {
    heard_at_ = now;
    reader_.feed(bytes);
  });
}

const amqp_frame_t* RabbitmqConnection::next() {
  while (const amqp_frame_t* const frame = next_frame()) {
    if (frame->channel == channel_number) return frame;
    if (frame->frame_type == AMQP_FRAME_METHOD) hear(frame->payload.method);
  }
  return nullptr;
}

const amqp_frame_t* RabbitmqConnection::next_frame() {
  while (const amqp_frame_t* const frame = reader_.next()) {
    if (frame->frame_type == greeting_frame) {
      throw Error("the server speaks another AMQP than 0-9-1");
    }
    if (frame->frame_type == AMQP_FRAME_HEARTBEAT) continue;
    const bool is_end =
        frame->frame_type == AMQP_FRAME_METHOD && frame->payload.method.id == AMQP_CONNECTION_CLOSE_METHOD;
    if (!is_end) return frame;
    is_open_ = false;
    const auto& close = *static_cast<const amqp_connection_close_t*>(frame->payload.method.decoded);
    throw Error(stage_ + ": " + std::string(text_of(close.reply_text)));
  }
  if (!stream_.loss().empty()) throw Error(stream_.loss());
  if (Clock::now() - heard_at_ > heartbeats_missed * heartbeat_) {
    throw Error("the server has said nothing for twice the time of --set heartbeat");
  }
  return nullptr;
}

void RabbitmqConnection::hear(const amqp_method_t& method) {
  if (method.id == AMQP_CONNECTION_UNBLOCKED_METHOD) blocked_.clear();
  if (method.id != AMQP_CONNECTION_BLOCKED_METHOD) return;
  blocked_ = text_of(static_cast<const amqp_connection_blocked_t*>(method.decoded)->reason);
  if (blocked_.empty()) blocked_ = "it does not say why";
}

}  // namespace zevi::bridges

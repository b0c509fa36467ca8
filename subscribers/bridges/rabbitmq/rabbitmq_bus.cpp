#include "rabbitmq_bus.hpp"

#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "../settings.hpp"
#include "amqp_bytes.hpp"
#include "confirms.hpp"
#include "rabbitmq_connection.hpp"
#include "rabbitmq_options.hpp"
#include "rabbitmq_source.hpp"
#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

using Clock = std::chrono::steady_clock;

// What waits here for a server that is slow to read.
constexpr std::size_t unsent_bytes_max = std::size_t{1} << 20;

// After which people are told. A server that is there is not given up: what it has, it confirms some day, and
// would get twice.
constexpr std::chrono::seconds confirms_within{10};

constexpr std::size_t routing_key_bytes_max = 255;
constexpr std::uint8_t persistent = 2;

/// What is sent is JSON, whose maps begin so, or msgpack, whose maps do not.
std::string_view content_type_of(const std::string& payload) {
  return payload.starts_with('{') ? "application/json" : "application/msgpack";
}

/// As in "message size 200000 is larger than configured max size 100000": the number, 0 if it is about
/// something else.
std::size_t size_max_in(std::string_view text) {
  constexpr std::string_view words = "is larger than configured max size ";
  const std::size_t at = text.find(words);
  if (at == std::string_view::npos) return 0;
  text.remove_prefix(at + words.size());
  std::size_t size = 0;
  std::from_chars(text.data(), text.data() + text.size(), size);
  return size;
}

std::string content_head_of(const Outgoing& message) {
  std::vector<amqp_table_entry_t> headers{amqp_text_entry("Zevi-Id", message.id)};
  std::size_t room = 2 * message.id.size();
  for (const Header& header : message.headers) {
    headers.push_back(amqp_text_entry(header.name, header.value));
    room += header.name.size() + header.value.size() + 16;
  }
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                      AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_APP_ID_FLAG;
  properties.content_type = amqp_bytes(content_type_of(message.payload));
  properties.headers = {static_cast<int>(headers.size()), headers.data()};
  properties.delivery_mode = persistent;
  properties.message_id = amqp_bytes(message.id);
  properties.app_id = amqp_bytes("zevi");
  return encode_amqp_content_head(properties, message.payload.size(), room);
}

class RabbitmqBus : public Bus {
 public:
  explicit RabbitmqBus(BusOptions options)
      : options_(std::move(options)),
        exchange_(setting(options_, "exchange")),
        unrouted_(unrouted_of(options_)) {}

  void open() override {
    confirms_.clear();
    refused_.clear();
    problem_.clear();
    is_returning_ = false;
    news_at_ = Clock::now();
    connection_.emplace(options_);
    look_for_exchange();
    must(connection_->ask(AMQP_CONFIRM_SELECT_METHOD, amqp_confirm_select_t{}),
         AMQP_CONFIRM_SELECT_OK_METHOD);
  }

  [[nodiscard]] Sent send(const Outgoing& message) override {
    if (connection_->unsent() >= unsent_bytes_max) return Sent::full;
    const std::string head = content_head_of(message);
    if (std::string why = why_never(message, head); !why.empty()) {
      refused_.push_back({message.number, std::move(why)});
      return Sent::yes;
    }
    amqp_basic_publish_t fields{};
    fields.exchange = amqp_bytes(exchange_);
    fields.routing_key = amqp_bytes(message.subject);
    fields.mandatory = unrouted_ == Unrouted::ignore ? 0 : 1;
    connection_->send(AMQP_BASIC_PUBLISH_METHOD, fields);
    connection_->send_content(head, message.payload);
    confirms_.add(message);
    return Sent::yes;
  }

  void poll(Report& report) override {
    report.refused = std::exchange(refused_, {});
    connection_->exchange();
    while (const amqp_frame_t* const frame = connection_->next()) hear(*frame, report);
    if (!problem_.empty()) throw Error(problem_);
    report.held_up = why_held_up();
  }

  [[nodiscard]] int fd() const noexcept override { return connection_ ? connection_->fd() : -1; }

  void close() noexcept override { connection_.reset(); }

 private:
  /// The one without a name is always there, and cannot be asked about.
  void look_for_exchange() {
    if (exchange_.empty()) return;
    amqp_exchange_declare_t fields{};
    fields.exchange = amqp_bytes(exchange_);
    fields.type = amqp_bytes("topic");  // which counts for nothing here, but has to be one
    fields.passive = 1;
    must(connection_->ask(AMQP_EXCHANGE_DECLARE_METHOD, fields), AMQP_EXCHANGE_DECLARE_OK_METHOD);
  }

  void must(const amqp_method_t& answer, amqp_method_number_t expected) const {
    static_cast<void>(expect_of_channel(answer, expected, no_exchange(exchange_)));
  }

  [[noreturn]] void fail(const amqp_channel_close_t& close) {
    const std::size_t size_max = size_max_in(text_of(close.reply_text));
    if (size_max != 0) payload_bytes_max_ = size_max;
    fail_channel(close, no_exchange(exchange_));
  }

  /// Why the message will be refused for ever; empty if it may not be.
  [[nodiscard]] std::string why_never(const Outgoing& message, const std::string& head) const {
    if (message.subject.size() > routing_key_bytes_max) return "its routing key is longer than 255 bytes";
    if (head.size() + amqp_frame_overhead > connection_->frame_bytes_max()) {
      return "its headers are larger than the server's frame_max";
    }
    if (message.payload.size() > payload_bytes_max_) return "it is larger than the server's max_message_size";
    return "";
  }

  void hear(const amqp_frame_t& frame, Report& report) {
    if (frame.frame_type == AMQP_FRAME_HEADER && std::exchange(is_returning_, false)) {
      if (frame.payload.properties.class_id != AMQP_BASIC_CLASS) return;
      const auto& properties = *static_cast<const amqp_basic_properties_t*>(frame.payload.properties.decoded);
      return confirms_.note_returned(text_of(properties.message_id));
    }
    if (frame.frame_type != AMQP_FRAME_METHOD) return;
    const amqp_method_t& method = frame.payload.method;
    if (method.id == AMQP_BASIC_RETURN_METHOD) is_returning_ = true;
    if (method.id == AMQP_CHANNEL_CLOSE_METHOD) {
      fail(*static_cast<const amqp_channel_close_t*>(method.decoded));
    }
    if (method.id == AMQP_BASIC_ACK_METHOD) {
      const auto& ack = *static_cast<const amqp_basic_ack_t*>(method.decoded);
      settle(confirms_.confirm(ack.delivery_tag, ack.multiple != 0), report);
    }
    if (method.id == AMQP_BASIC_NACK_METHOD && problem_.empty()) {
      problem_ = "RabbitMQ does not take it now (basic.nack): a queue is full, or cannot store it";
    }
  }

  void settle(const std::vector<Confirms::Entry>& confirmed, Report& report) {
    news_at_ = Clock::now();
    for (const Confirms::Entry& entry : confirmed) {
      // What was taken behind one that was not has to come again behind it.
      if (!problem_.empty()) return;
      if (!entry.is_returned) {
        report.acknowledged.push_back(entry.message->number);
      } else if (unrouted_ == Unrouted::wait) {
        problem_ = no_queue_for(*entry.message);
      } else {
        report.refused.push_back({entry.message->number, no_queue_for(*entry.message)});
      }
    }
  }

  [[nodiscard]] std::string no_queue_for(const Outgoing& message) const {
    return "no queue is bound to exchange '" + exchange_ + "' for routing key '" + message.subject + "'";
  }

  [[nodiscard]] std::string why_held_up() {
    if (confirms_.empty()) news_at_ = Clock::now();
    if (!connection_->blocked().empty()) return "RabbitMQ takes nothing for now: " + connection_->blocked();
    const bool is_late = Clock::now() - news_at_ > confirms_within;
    return is_late ? "RabbitMQ is there, but has confirmed nothing for ten seconds" : "";
  }

  const BusOptions options_;
  const std::string exchange_;
  const Unrouted unrouted_;
  std::optional<RabbitmqConnection> connection_;
  Confirms confirms_;
  std::vector<Report::Refused> refused_;
  std::string problem_;
  bool is_returning_ = false;  // the head of a message that no queue takes comes next
  Clock::time_point news_at_{};
  std::size_t payload_bytes_max_ = SIZE_MAX;  // which a server tells only by closing the channel
};

std::unique_ptr<Bus> make(const BusOptions& given) {
  BusOptions options = with_rabbitmq_standards(given);
  check_rabbitmq_options(options);
  return std::make_unique<RabbitmqBus>(std::move(options));
}

std::unique_ptr<Source> make_source(const BusOptions& given) {
  BusOptions options = with_rabbitmq_standards(given);
  check_rabbitmq_options(options);
  check_rabbitmq_reading(options);
  return make_rabbitmq_source(options);
}

BusKind kind_of(std::string_view scheme, std::string_view url, std::string_view purpose) {
  return {
      .scheme = scheme,
      .url = url,
      .purpose = purpose,
      .subject = "zevi.{topic}",
      .special = ".*# \t",
      .takes_lines = false,
      .settings = {{"exchange", "amq.topic", "where to; the subject is the routing key there"},
                   {"unrouted", "count", "what no queue takes is refused; wait: sent again; ignore: arrived"},
                   {"queue", "", "bridge from: this queue; default one of its own, bound by the subject"},
                   {"heartbeat", "10s", "a server that is silent for twice as long is given up"}},
      .make = make,
      .make_source = make_source};
}

}  // namespace

const BusKind rabbitmq_bus =
    kind_of("amqp", "amqp://HOST[:PORT][/VHOST]", "RabbitMQ: confirmed, in the queues that take it");
const BusKind rabbitmqs_bus = kind_of("amqps", "amqps://HOST[:PORT][/VHOST]", "the same with TLS");

}  // namespace zevi::bridges

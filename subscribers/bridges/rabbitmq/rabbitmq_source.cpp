#include "rabbitmq_source.hpp"

#include <poll.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "../settings.hpp"
#include "amqp_bytes.hpp"
#include "rabbitmq_connection.hpp"
#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

// What is on its way here and not acknowledged: as much as is taken in at once.
constexpr std::uint16_t prefetch = 512;

// No event is as large, as JSON either. Of what is larger nothing is kept, and it is refused.
constexpr std::uint64_t payload_bytes_max = std::uint64_t{1} << 20;

class RabbitmqSource : public Source {
 public:
  explicit RabbitmqSource(BusOptions options)
      : options_(std::move(options)),
        exchange_(setting(options_, "exchange")),
        queue_(setting(options_, "queue")) {}

  void open() override {
    arrived_.clear();
    coming_.reset();
    given_ = 0;
    connection_.emplace(options_);
    const std::string queue = queue_.empty() ? make_queue() : queue_;
    if (!queue_.empty()) look_for_queue();
    amqp_basic_qos_t limit{};
    limit.prefetch_count = prefetch;
    ask(AMQP_BASIC_QOS_METHOD, limit, AMQP_BASIC_QOS_OK_METHOD);
    amqp_basic_consume_t consume{};
    consume.queue = amqp_bytes(queue);
    // Otherwise what an earlier connection was given, whose end the server has not noticed, would come behind
    // what is newer.
    consume.exclusive = 1;
    ask(AMQP_BASIC_CONSUME_METHOD, consume, AMQP_BASIC_CONSUME_OK_METHOD);
  }

  void receive(std::vector<Incoming>& messages, std::size_t max, std::chrono::milliseconds wait) override {
    if (arrived_.empty()) collect();
    if (arrived_.empty()) {
      pollfd item{connection_->fd(), POLLIN, 0};
      static_cast<void>(poll(&item, 1, static_cast<int>(wait.count())));
      collect();
    }
    for (; messages.size() < max && !arrived_.empty(); arrived_.pop_front()) {
      given_ = arrived_.front().number;
      messages.push_back(std::move(arrived_.front().message));
    }
  }

  /// The last one speaks for all before it. Who only looks leaves all to the queue, to which it goes back.
  void acknowledge() override {
    if (given_ == 0 || options_.only_looks) return;
    amqp_basic_ack_t fields{};
    fields.delivery_tag = std::exchange(given_, 0);
    fields.multiple = 1;
    connection_->send(AMQP_BASIC_ACK_METHOD, fields);
    connection_->exchange();
  }

  void close() noexcept override { connection_.reset(); }

 private:
  struct Arrived {
    Incoming message;
    std::uint64_t number = 0;  // as the channel counts them
    std::uint64_t bytes_to_come = 0;
    bool is_kept = true;
  };

  /// The name that the server gives it.
  std::string make_queue() {
    amqp_queue_declare_t declare{};
    declare.exclusive = 1;
    declare.auto_delete = 1;
    const auto& made = *static_cast<const amqp_queue_declare_ok_t*>(
        ask(AMQP_QUEUE_DECLARE_METHOD, declare, AMQP_QUEUE_DECLARE_OK_METHOD));
    const std::string queue(text_of(made.queue));
    amqp_queue_bind_t bind{};
    bind.queue = amqp_bytes(queue);
    bind.exchange = amqp_bytes(exchange_);
    bind.routing_key = amqp_bytes(options_.subject);
    ask(AMQP_QUEUE_BIND_METHOD, bind, AMQP_QUEUE_BIND_OK_METHOD);
    return queue;
  }

  void look_for_queue() {
    amqp_queue_declare_t fields{};
    fields.queue = amqp_bytes(queue_);
    fields.passive = 1;
    ask(AMQP_QUEUE_DECLARE_METHOD, fields, AMQP_QUEUE_DECLARE_OK_METHOD);
  }

  template <typename Fields>
  const void* ask(amqp_method_number_t method, Fields fields, amqp_method_number_t expected) {
    return expect_of_channel(connection_->ask(method, fields), expected, missing());
  }

  [[nodiscard]] std::string missing() const {
    return queue_.empty()
               ? no_exchange(exchange_)
               : "there is no queue '" + queue_ + "': make it in RabbitMQ, or name another by --set queue";
  }

  void collect() {
    connection_->exchange();
    try {
      while (const amqp_frame_t* const frame = connection_->next()) hear(*frame);
    } catch (const Error&) {
      if (arrived_.empty()) throw;  // or the next time
    }
  }

  void hear(const amqp_frame_t& frame) {
    if (frame.frame_type == AMQP_FRAME_METHOD) return hear(frame.payload.method);
    if (!coming_) return;
    if (frame.frame_type == AMQP_FRAME_HEADER) {
      coming_->bytes_to_come = frame.payload.properties.body_size;
      coming_->is_kept = coming_->bytes_to_come <= payload_bytes_max;
    } else {
      const std::string_view part = text_of(frame.payload.body_fragment);
      coming_->bytes_to_come -= std::min<std::uint64_t>(part.size(), coming_->bytes_to_come);
      if (coming_->is_kept) coming_->message.payload += part;
    }
    if (coming_->bytes_to_come > 0) return;
    arrived_.push_back(std::move(*coming_));
    coming_.reset();
  }

  void hear(const amqp_method_t& method) {
    if (method.id == AMQP_CHANNEL_CLOSE_METHOD) {
      fail_channel(*static_cast<const amqp_channel_close_t*>(method.decoded), missing());
    }
    if (method.id == AMQP_BASIC_CANCEL_METHOD) throw Error("the queue has gone away");
    if (method.id != AMQP_BASIC_DELIVER_METHOD) return;
    const auto& deliver = *static_cast<const amqp_basic_deliver_t*>(method.decoded);
    coming_.emplace();
    coming_->message.subject = text_of(deliver.routing_key);
    coming_->number = deliver.delivery_tag;
  }

  const BusOptions options_;
  const std::string exchange_;
  const std::string queue_;  // empty: one of its own
  std::optional<RabbitmqConnection> connection_;
  std::optional<Arrived> coming_;
  std::deque<Arrived> arrived_;  // whole, and not given on
  std::uint64_t given_ = 0;      // number of the last that was given on and is not acknowledged
};

}  // namespace

std::unique_ptr<Source> make_rabbitmq_source(const BusOptions& options) {
  return std::make_unique<RabbitmqSource>(options);
}

}  // namespace zevi::bridges

#include "mqtt_bus.hpp"

#include <mqtt_protocol.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>

#include "../settings.hpp"
#include "mqtt_connection.hpp"
#include "mqtt_message.hpp"
#include "mqtt_options.hpp"
#include "mqtt_source.hpp"
#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

// What waits here for the server's window.
constexpr std::size_t waiting_max = 1024;

// For servers that name no limit: the library looks through all that is on its way for each message.
constexpr std::size_t in_flight_max = 256;

/// Never subscribed to, so that to unsubscribe from it is but a question that is answered in its turn.
constexpr const char* nothing = "zevi/nothing";

/// The message will be refused for ever, not the connection.
bool is_of_message(int code) {
  return code == MOSQ_ERR_INVAL || code == MOSQ_ERR_PAYLOAD_SIZE || code == MOSQ_ERR_MALFORMED_UTF8 ||
         code == MOSQ_ERR_OVERSIZE_PACKET || code == MOSQ_ERR_PROTOCOL;
}

/// The server may take the message some day.
bool will_pass(int reason) {
  return reason == MQTT_RC_QUOTA_EXCEEDED || reason == MQTT_RC_PACKET_ID_IN_USE;
}

class MqttBus : public Bus, public MqttListener {
 public:
  MqttBus(BusOptions options, MqttDelivery delivery)
      : options_(std::move(options)), delivery_(delivery), session_(mqtt_session_of(options_)) {}

  void open() override {
    waiting_.clear();
    in_flight_.clear();
    heard_ = {};
    problem_.clear();
    sent_ = 0;
    question_ = 0;
    connection_.emplace(options_, session_, *this);
    const MqttLimits& limits = connection_->limits();
    if (limits.qos_max < delivery_.qos) throw Error("the server acknowledges nothing; say --set qos=0");
    if (delivery_.is_retained && !limits.keeps_messages) throw Error("the server retains nothing");
    window_ = std::min<std::size_t>(limits.in_flight_max, in_flight_max);
  }

  [[nodiscard]] Sent send(const Outgoing& message) override {
    if (waiting_.size() >= waiting_max) return Sent::full;
    waiting_.push_back(&message);
    return Sent::yes;
  }

  /// What has been heard makes room before more is sent: at the end nothing waits unless an answer is to
  /// come.
  void poll(Report& report) override {
    connection_->exchange();
    while (has_room()) {
      publish(*waiting_.front());
      waiting_.pop_front();
    }
    if (delivery_.qos == 0) ask();
    connection_->write();
    report = std::exchange(heard_, {});
    if (!problem_.empty()) throw Error(problem_);
    connection_->check();
  }

  [[nodiscard]] int fd() const noexcept override { return connection_ ? connection_->fd() : -1; }

  void close() noexcept override { connection_.reset(); }

 private:
  [[nodiscard]] bool has_room() const {
    return !waiting_.empty() && problem_.empty() && !connection_->is_lost() && in_flight_.size() < window_;
  }

  void publish(const Outgoing& message) {
    const MqttProperties properties(message);
    int id = 0;
    int code = properties.code();
    if (code == MOSQ_ERR_SUCCESS) {
      code = mosquitto_publish_v5(connection_->client(), &id, as_mqtt_text(message.subject).c_str(),
                                  static_cast<int>(message.payload.size()), message.payload.data(),
                                  delivery_.qos, delivery_.is_retained, properties.get());
    }
    if (is_of_message(code)) {
      heard_.refused.push_back({message.number, mosquitto_strerror(code)});
      return;
    }
    connection_->note(code);
    sent_ = message.number;
    if (delivery_.qos > 0) in_flight_.emplace(id, message.number);
  }

  void ask() {
    if (question_ != 0 || sent_ == 0 || connection_->is_lost()) return;
    connection_->note(mosquitto_unsubscribe(connection_->client(), &question_, nothing));
    asked_ = std::exchange(sent_, 0);
  }

  void hear_acknowledged(int id, int reason) override {
    const auto found = in_flight_.find(id);
    if (found == in_flight_.end()) return;
    const std::uint64_t number = found->second;
    in_flight_.erase(found);
    // What was taken behind one that was not has to come again behind it.
    if (!problem_.empty()) return;
    if (reason < MQTT_RC_UNSPECIFIED) {
      heard_.acknowledged.push_back(number);
    } else if (will_pass(reason)) {
      problem_ = "the server does not take it now: " + std::string(mosquitto_reason_string(reason));
    } else {
      heard_.refused.push_back({number, mosquitto_reason_string(reason)});
    }
  }

  void hear_unsubscribed(int id) override {
    if (id != question_) return;
    question_ = 0;
    heard_.acknowledged_to = asked_;
  }

  const BusOptions options_;
  const MqttDelivery delivery_;
  const MqttSession session_;
  std::size_t window_ = 0;
  std::deque<const Outgoing*> waiting_;
  std::unordered_map<int, std::uint64_t> in_flight_;  // by the library's ids: numbers of messages
  Report heard_;
  std::string problem_;

  // With QoS 0: the last message since the last question, that question's id, and the last one before it.
  std::uint64_t sent_ = 0;
  int question_ = 0;
  std::uint64_t asked_ = 0;

  std::optional<MqttConnection> connection_;  // last, since it calls until its end
};

std::unique_ptr<Bus> make(const BusOptions& given) {
  BusOptions options = with_mqtt_tls(given);
  check_mqtt_options(options);
  check_mqtt_topic(options.subject);
  const MqttDelivery delivery = mqtt_delivery_of(options);
  return std::make_unique<MqttBus>(std::move(options), delivery);
}

std::unique_ptr<Source> make_source(const BusOptions& given) {
  const BusOptions options = with_mqtt_tls(given);
  check_mqtt_options(options);
  check_mqtt_filter(options.subject);
  return make_mqtt_source(options, mqtt_reading_session_of(options), mqtt_delivery_of(options).qos);
}

BusKind kind_of(std::string_view scheme, std::string_view url, std::string_view purpose) {
  return {.scheme = scheme,
          .url = url,
          .purpose = purpose,
          .subject = "zevi/{topic}",
          .special = "+#/$",
          .takes_lines = false,
          .answer_within = std::chrono::seconds(10),
          .settings =
              {{"qos", "1", "0: nothing is acknowledged but that the server has read it"},
               {"retain", "off", "on: the server keeps the last event of each topic for who comes later"},
               {"session", "off", "bridge from: on: the server keeps what comes while the bridge is away"},
               {"keepalive", "30s", "how long a silent server is believed to be there"},
               {"client-id", "", "who the server takes the bridge for; default zevi-NAME and some digits"}},
          .make = make,
          .make_source = make_source};
}

}  // namespace

const BusKind mqtt_bus = kind_of("mqtt", "mqtt://HOST[:PORT]", "MQTT 5: acknowledged by the server");
const BusKind mqtts_bus = kind_of("mqtts", "mqtts://HOST[:PORT]", "the same with TLS");

}  // namespace zevi::bridges

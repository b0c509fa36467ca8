#include "mqtt_source.hpp"

#include <poll.h>

#include <deque>
#include <iterator>
#include <optional>
#include <utility>

#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

constexpr std::chrono::milliseconds patience{2000};

// What is read at once, and a message more.
constexpr std::size_t read_bytes_max = std::size_t{4} << 20;

/// What is written to the server answers all that was read, so nothing is written while some of that has not
/// reached the broker.
class MqttSource : public Source, public MqttListener {
 public:
  MqttSource(BusOptions options, MqttSession session, int qos)
      : options_(std::move(options)), session_(std::move(session)), qos_(qos) {}

  void open() override {
    forget();
    const auto deadline = Clock::now() + patience;
    connection_.emplace(options_, session_, *this);
    takes_kept_ = options_.from_start && !was_open_ && !connection_->has_session();
    connection_->note(mosquitto_subscribe(connection_->client(), nullptr, options_.subject.c_str(), qos_));
    // A session may have given messages already: then this goes out behind them.
    if (arrived_.empty()) subscribe(deadline);
    was_open_ = true;
  }

  void receive(std::vector<Incoming>& messages, std::size_t max, std::chrono::milliseconds wait) override {
    if (arrived_.empty()) {
      if (!owes_) connection_->write();
      wait_for_news(wait);
      while (arrived_.size() < max && arrived_bytes_ < read_bytes_max && connection_->read()) continue;
    }
    for (; messages.size() < max && !arrived_.empty(); arrived_.pop_front()) {
      messages.push_back(std::move(arrived_.front()));
      owes_ = true;
    }
    if (!messages.empty()) return;
    check();
  }

  void acknowledge() override {
    if (!arrived_.empty()) return;
    arrived_bytes_ = 0;
    owes_ = false;
    connection_->write();
    check();
  }

  void close() noexcept override { connection_.reset(); }

 private:
  using Clock = std::chrono::steady_clock;

  void forget() {
    arrived_.clear();
    arrived_bytes_ = 0;
    owes_ = false;
    is_granted_.reset();
  }

  /// From here on nothing is missed.
  void subscribe(Clock::time_point deadline) {
    while (!is_granted_) {
      if (arrived_.empty()) connection_->write();
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
      if (left <= left.zero()) throw Error("no answer within two seconds");
      wait_for_news(left);
      static_cast<void>(connection_->read());
      check();
    }
  }

  void wait_for_news(std::chrono::milliseconds at_most) const {
    if (connection_->can_read()) return;  // TLS may have read it already
    pollfd item{connection_->fd(), POLLIN, 0};
    static_cast<void>(poll(&item, 1, static_cast<int>(at_most.count())));
  }

  void check() const {
    if (is_granted_ == false) throw Error("the server does not let us read " + options_.subject);
    connection_->check();
  }

  void hear_subscribed(bool is_granted) override { is_granted_ = is_granted; }

  /// Of what the server has kept of each topic for who comes later, nothing is new but to who begins there.
  void hear_message(const mosquitto_message& message) override {
    if (message.retain && !takes_kept_) return;
    const auto* const bytes = static_cast<const char*>(message.payload);
    const auto size = static_cast<std::size_t>(message.payloadlen);
    arrived_.push_back({.subject = message.topic, .payload = size == 0 ? "" : std::string(bytes, size)});
    arrived_bytes_ += size;
  }

  const BusOptions options_;
  const MqttSession session_;
  const int qos_;
  bool was_open_ = false;
  bool takes_kept_ = false;
  std::deque<Incoming> arrived_;  // was read, and not given on
  std::size_t arrived_bytes_ = 0;
  bool owes_ = false;  // something was given on, and is not answered
  std::optional<bool> is_granted_;
  std::optional<MqttConnection> connection_;  // last, since it calls until its end
};

}  // namespace

std::unique_ptr<Source> make_mqtt_source(const BusOptions& options, const MqttSession& session, int qos) {
  return std::make_unique<MqttSource>(options, session, qos);
}

}  // namespace zevi::bridges

#include "mosquitto_client.hpp"
#include "receiver.hpp"

/// An MQTT subscriber at QoS 0. The address is the path of mosquitto's unix socket.
///
/// The library reads one message a call, and `mosquitto_loop` waits by `select` before each: here it is
/// called again until nothing comes, which saves that.
namespace zevi::bench {

namespace {

class MosquittoReceiver final : public Receiver {
 public:
  explicit MosquittoReceiver(const ReceiverSetup& setup) : client_(setup.address, this) {
    mosquitto_subscribe_callback_set(client_.get(), [](mosquitto*, void* self, int, int, const int*) {
      static_cast<MosquittoReceiver*>(self)->is_subscribed_ = true;
    });
    mosquitto_message_callback_set(
        client_.get(), [](mosquitto*, void* self, const mosquitto_message* message) {
          Checker* const checker = static_cast<MosquittoReceiver*>(self)->checker_;
          if (checker == nullptr) return;
          checker->take(
              {static_cast<const char*>(message->payload), static_cast<std::size_t>(message->payloadlen)});
        });
    must(mosquitto_subscribe(client_.get(), nullptr, setup.topic.c_str(), 0));
    while (!is_subscribed_) client_.loop(patience_ms);
  }

  void receive(Checker& checker, std::chrono::milliseconds wait) override {
    if (!client_.wait(POLLIN, static_cast<int>(wait.count()))) return;
    checker_ = &checker;
    for (int i = 0; i < at_once; ++i) {
      const std::uint64_t before = checker.received();
      must(mosquitto_loop_read(client_.get(), 1));
      if (checker.received() == before) break;
    }
  }

 private:
  static constexpr int patience_ms = 1000;

  MosquittoClient client_;
  bool is_subscribed_ = false;
  Checker* checker_ = nullptr;
};

}  // namespace

std::unique_ptr<Receiver> subscribe(const ReceiverSetup& setup) {
  return std::make_unique<MosquittoReceiver>(setup);
}

}  // namespace zevi::bench

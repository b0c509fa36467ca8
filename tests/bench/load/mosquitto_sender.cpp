#include "mosquitto_client.hpp"
#include "sender.hpp"

/// MQTT at QoS 0 through libmosquitto, over mosquitto's unix socket. The address is the socket's path.
///
/// The library writes every message by a system call of its own; there is no setting that joins them.
namespace zevi::bench {

namespace {

class MosquittoSender final : public Sender {
 public:
  explicit MosquittoSender(const SenderSetup& setup) : topics_(setup.topics), client_(setup.address, this) {
    mosquitto_connect_callback_set(client_.get(), [](mosquitto*, void* self, int code) {
      must(code);
      static_cast<MosquittoSender*>(self)->is_connected_ = true;
    });
    while (!is_connected_) client_.loop(patience_ms);
  }

  void send(std::size_t topic, const E_PROFILING_PROC& event, std::int64_t) override {
    const std::string_view encoded = event_.encode(event);
    must(mosquitto_publish(client_.get(), nullptr, topics_[topic].c_str(), static_cast<int>(encoded.size()),
                           encoded.data(), 0, false));
    write_out();
  }

  std::uint64_t finish() override {
    must(mosquitto_disconnect(client_.get()));
    return 0;
  }

 private:
  static constexpr int patience_ms = 1000;

  /// What the socket did not take stays with the library, without a limit.
  void write_out() {
    while (mosquitto_want_write(client_.get())) {
      static_cast<void>(client_.wait(POLLOUT, patience_ms));
      must(mosquitto_loop_write(client_.get(), 1));
    }
  }

  std::vector<std::string> topics_;
  MosquittoClient client_;
  bool is_connected_ = false;
  EncodedEvent event_;
};

}  // namespace

std::unique_ptr<Sender> connect(const SenderSetup& setup) {
  return std::make_unique<MosquittoSender>(setup);
}

}  // namespace zevi::bench

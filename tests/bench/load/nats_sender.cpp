#include "nats_error.hpp"
#include "sender.hpp"

/// NATS core, through its C client. The address is the server's URL.
///
/// The client collects what is published in a buffer, and a thread of its sends that about every millisecond:
/// that is its fastest way, and what its own benchmark uses. At a low rate it would make every event a
/// millisecond late, so there the client is told to send at once.
namespace zevi::bench {

namespace {

constexpr double low_rate = 10'000;

class NatsSender final : public Sender {
 public:
  explicit NatsSender(const SenderSetup& setup) : topics_(setup.topics) {
    natsOptions* options = nullptr;
    must(natsOptions_Create(&options));
    must(natsOptions_SetURL(options, setup.address.c_str()));
    must(natsOptions_SetSendAsap(options, setup.rate > 0 && setup.rate <= low_rate));
    must(natsConnection_Connect(&connection_, options));
    natsOptions_Destroy(options);
  }
  ~NatsSender() override { natsConnection_Destroy(connection_); }

  void send(std::size_t topic, const E_PROFILING_PROC& event, std::int64_t) override {
    const std::string_view encoded = event_.encode(event);
    must(natsConnection_Publish(connection_, topics_[topic].c_str(), encoded.data(),
                                static_cast<int>(encoded.size())));
  }

  std::uint64_t finish() override { return 0; }

 private:
  std::vector<std::string> topics_;
  natsConnection* connection_ = nullptr;
  EncodedEvent event_;
};

}  // namespace

std::unique_ptr<Sender> connect(const SenderSetup& setup) {
  return std::make_unique<NatsSender>(setup);
}

}  // namespace zevi::bench

#include "nats_error.hpp"
#include "receiver.hpp"

/// A NATS subscriber. Its client would drop what it has not handed over beyond a limit; the limit is lifted.
namespace zevi::bench {

namespace {

class NatsReceiver final : public Receiver {
 public:
  explicit NatsReceiver(const ReceiverSetup& setup) {
    must(natsConnection_ConnectTo(&connection_, setup.address.c_str()));
    must(natsConnection_SubscribeSync(&subscription_, connection_, setup.topic.c_str()));
    must(natsSubscription_SetPendingLimits(subscription_, -1, -1));
    must(natsConnection_Flush(connection_));
  }
  ~NatsReceiver() override {
    natsSubscription_Destroy(subscription_);
    natsConnection_Destroy(connection_);
  }

  void receive(Checker& checker, std::chrono::milliseconds wait) override {
    for (int i = 0; i < at_once; ++i, wait = std::chrono::milliseconds(0)) {
      natsMsg* message = nullptr;
      const natsStatus status = natsSubscription_NextMsg(&message, subscription_, wait.count());
      if (status == NATS_TIMEOUT) return;
      must(status);
      checker.take({natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message))});
      natsMsg_Destroy(message);
    }
  }

 private:
  natsConnection* connection_ = nullptr;
  natsSubscription* subscription_ = nullptr;
};

}  // namespace

std::unique_ptr<Receiver> subscribe(const ReceiverSetup& setup) {
  return std::make_unique<NatsReceiver>(setup);
}

}  // namespace zevi::bench

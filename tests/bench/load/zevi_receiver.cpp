#include "receiver.hpp"
#include "zevi/error.hpp"
#include "zevi/subscriber.hpp"

/// zevid, through the subscriber library. The address is the broker's runtime directory, and behind a `#` the
/// endpoint to read: `#stream` or `#events`.
namespace zevi::bench {

namespace {

SubscriberOptions options_for(const ReceiverSetup& setup) {
  const std::size_t mark = setup.address.rfind('#');
  const bool reads_events = mark != std::string::npos && setup.address.substr(mark) == "#events";
  SubscriberOptions options;
  options.topics = {setup.topic + "*"};
  options.runtime_dir = setup.address.substr(0, mark);
  options.feed = reads_events ? Feed::events : Feed::stream;
  return options;
}

class ZeviReceiver final : public Receiver {
 public:
  explicit ZeviReceiver(const ReceiverSetup& setup) : subscriber_(options_for(setup)) {
    if (!subscriber_.wait_ready(std::chrono::seconds(20))) throw Error("no broker at " + setup.address);
  }

  void receive(Checker& checker, std::chrono::milliseconds wait) override {
    for (int i = 0; i < at_once; ++i, wait = std::chrono::milliseconds(0)) {
      const Message* const message = subscriber_.next(wait);
      if (message == nullptr) return;
      if (const Event* const event = message->event()) checker.take(event->params_raw);
    }
  }

 private:
  Subscriber subscriber_;
};

}  // namespace

std::unique_ptr<Receiver> subscribe(const ReceiverSetup& setup) {
  return std::make_unique<ZeviReceiver>(setup);
}

}  // namespace zevi::bench

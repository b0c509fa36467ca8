#include <set>

#include "sender.hpp"
#include "zmq.hpp"

/// A ZeroMQ publisher as the ZeroMQ guide has it: a message is the topic in one frame and the event in the
/// next. The address is the directory of the proxy's sockets.
namespace zevi::bench {

namespace {

class ZmqSender final : public Sender {
 public:
  explicit ZmqSender(const SenderSetup& setup) : context_(1), socket_(context_, zmq::socket_type::xpub) {
    for (const std::string& topic : setup.topics) topics_.push_back(topic);
    socket_.set(zmq::sockopt::xpub_nodrop, true);
    socket_.connect("ipc://" + setup.address + "/in");
    wait_for_subscribers(setup.subscribers);
  }

  void send(std::size_t topic, const E_PROFILING_PROC& event, std::int64_t) override {
    socket_.send(zmq::buffer(topics_[topic]), zmq::send_flags::sndmore);
    const std::string_view encoded = event_.encode(event);
    socket_.send(zmq::buffer(encoded));
  }

  std::uint64_t finish() override {
    socket_.close();
    context_.close();
    return 0;
  }

 private:
  /// A subscriber's last subscription is to a name of its own, so that each can be told from the others
  /// behind a proxy, which passes on every subscription once.
  void wait_for_subscribers(std::size_t count) {
    std::set<std::string> seen;
    while (seen.size() < count) {
      zmq::message_t subscription;
      static_cast<void>(socket_.recv(subscription));
      if (subscription.to_string_view().substr(1).starts_with("~")) seen.insert(subscription.to_string());
    }
  }

  zmq::context_t context_;
  zmq::socket_t socket_;
  std::vector<std::string> topics_;
  EncodedEvent event_;
};

}  // namespace

std::unique_ptr<Sender> connect(const SenderSetup& setup) {
  return std::make_unique<ZmqSender>(setup);
}

}  // namespace zevi::bench

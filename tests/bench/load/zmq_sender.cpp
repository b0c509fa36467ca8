#include <set>

#include "sender.hpp"
#include "zmq.hpp"
#include "zmq_message.hpp"

/// A ZeroMQ publisher.
namespace zevi::bench {

namespace {

class ZmqSender final : public Sender {
 public:
  explicit ZmqSender(const SenderSetup& setup)
      : address_(setup.address),
        context_(1),
        socket_(context_, zmq::socket_type::xpub),
        topics_(setup.topics) {
    socket_.set(zmq::sockopt::xpub_nodrop, true);
    socket_.connect("ipc://" + address_.directory + "/in");
    wait_for_subscribers(setup.subscribers);
  }

  void send(std::size_t topic, const E_PROFILING_PROC& event, std::int64_t) override {
    if (address_.has_envelope) {
      socket_.send(zmq::buffer(topics_[topic]), zmq::send_flags::sndmore);
      socket_.send(zmq::buffer(event_.encode(event)));
      return;
    }
    message_.assign(topics_[topic]).push_back(topic_end);
    message_.append(event_.encode(event));
    socket_.send(zmq::buffer(message_));
  }

  std::uint64_t finish() override {
    socket_.set(zmq::sockopt::linger, 0);
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

  ZmqAddress address_;
  zmq::context_t context_;
  zmq::socket_t socket_;
  std::vector<std::string> topics_;
  std::string message_;
  EncodedEvent event_;
};

}  // namespace

std::unique_ptr<Sender> connect(const SenderSetup& setup) {
  return std::make_unique<ZmqSender>(setup);
}

}  // namespace zevi::bench

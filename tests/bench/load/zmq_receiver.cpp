#include <unistd.h>

#include "receiver.hpp"
#include "zmq.hpp"
#include "zmq_message.hpp"

/// A ZeroMQ subscriber of the proxy.
namespace zevi::bench {

namespace {

class ZmqReceiver final : public Receiver {
 public:
  explicit ZmqReceiver(const ReceiverSetup& setup)
      : address_(setup.address), context_(1), socket_(context_, zmq::socket_type::sub) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::subscribe, setup.topic);
    socket_.set(zmq::sockopt::subscribe, std::string("~").append(std::to_string(getpid())));
    socket_.connect("ipc://" + address_.directory + "/out");
  }

  void receive(Checker& checker, std::chrono::milliseconds wait) override {
    zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
    if (zmq::poll(&item, 1, wait) == 0) return;
    for (int i = 0; i < at_once; ++i) {
      if (!socket_.recv(message_, zmq::recv_flags::dontwait)) return;
      if (address_.has_envelope) {
        static_cast<void>(socket_.recv(message_));
        checker.take(message_.to_string_view());
      } else {
        const std::string_view whole = message_.to_string_view();
        checker.take(whole.substr(whole.find(topic_end) + 1));
      }
    }
  }

 private:
  ZmqAddress address_;
  zmq::context_t context_;
  zmq::socket_t socket_;
  zmq::message_t message_;
};

}  // namespace

std::unique_ptr<Receiver> subscribe(const ReceiverSetup& setup) {
  return std::make_unique<ZmqReceiver>(setup);
}

}  // namespace zevi::bench

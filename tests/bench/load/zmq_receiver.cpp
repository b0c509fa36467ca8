#include <unistd.h>

#include "receiver.hpp"
#include "zmq.hpp"

/// A ZeroMQ subscriber of the proxy. The address is the directory of the proxy's sockets.
namespace zevi::bench {

namespace {

class ZmqReceiver final : public Receiver {
 public:
  explicit ZmqReceiver(const ReceiverSetup& setup) : context_(1), socket_(context_, zmq::socket_type::sub) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::subscribe, setup.topic);
    socket_.set(zmq::sockopt::subscribe, "~" + std::to_string(getpid()));
    socket_.connect("ipc://" + setup.address + "/out");
  }

  void receive(Checker& checker, std::chrono::milliseconds wait) override {
    zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
    if (zmq::poll(&item, 1, wait) == 0) return;
    for (int i = 0; i < at_once; ++i) {
      if (!socket_.recv(topic_, zmq::recv_flags::dontwait)) return;
      static_cast<void>(socket_.recv(event_));
      checker.take(event_.to_string_view());
    }
  }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_;
  zmq::message_t topic_;
  zmq::message_t event_;
};

}  // namespace

std::unique_ptr<Receiver> subscribe(const ReceiverSetup& setup) {
  return std::make_unique<ZmqReceiver>(setup);
}

}  // namespace zevi::bench

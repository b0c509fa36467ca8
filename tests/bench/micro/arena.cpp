#include "arena.hpp"

#include <thread>

namespace zevi::bench {

namespace {

BrokerOptions broker_options(const std::string& directory) {
  BrokerOptions options;
  options.runtime_dir = directory;
  options.history = {};  // so that there is a topic that nobody wants
  return options;
}

PublisherOptions publisher_options(const std::string& directory) {
  PublisherOptions options;
  options.runtime_dir = directory.c_str();
  return options;
}

Broker& started(Broker& broker) {
  broker.start();
  return broker;
}

}  // namespace

Arena::Arena()
    : broker_(broker_options(directory_.path())),
      context_(1),
      subscriber_(context_, zmq::socket_type::sub),
      publisher_((started(broker_), publisher_options(directory_.path()))),
      blocked_(publisher_options(directory_.path() + "/nowhere")) {
  subscriber_.set(zmq::sockopt::rcvhwm, 1);
  subscriber_.set(zmq::sockopt::linger, 0);
  subscriber_.set(zmq::sockopt::subscribe, std::string(E_PROFILING_PROC::topic));
  subscriber_.connect(broker_.stream());
  const auto script = unwanted();
  // Before the broker has spoken everything is wanted, so what is not wanted shows that it has.
  while (!wanted().enabled() || script.enabled()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void Arena::rest() {
  std::this_thread::sleep_for(std::chrono::microseconds(150));
}

void Arena::let_flusher_sleep() {
  std::this_thread::sleep_for(std::chrono::milliseconds(3));
}

}  // namespace zevi::bench

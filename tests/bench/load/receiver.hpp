#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "event.hpp"

namespace zevi::bench {

struct ReceiverSetup {
  std::string address;  ///< of the broker, in the form that its own client takes
  std::string topic;    ///< all topics that begin so
};

/// A client that subscribes, as well as its library allows: one file for each broker, each a program.
class Receiver {
 public:
  virtual ~Receiver() = default;

  /// Waits up to `wait` for an event and then takes, without waiting, those that are there, up to about
  /// `at_once`.
  virtual void receive(Checker& checker, std::chrono::milliseconds wait) = 0;

 protected:
  static constexpr int at_once = 1000;
};

/// Connects, and returns when the subscription is live.
std::unique_ptr<Receiver> subscribe(const ReceiverSetup& setup);

}  // namespace zevi::bench

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "zevi/events.hpp"

namespace zevi::bench {

/// Where a load goes, and what is known about it beforehand.
struct SenderSetup {
  std::string address;      ///< of the broker, in the form that its own client takes
  std::uint32_t index = 0;  ///< which of the publishers this is
  std::uint32_t subscribers = 1;
  double rate = 0;  ///< events a second; 0 is as fast as it goes
  /// The events go to these topics in turn; the first is the only one in most loads.
  std::vector<std::string> topics;
};

/// A client that publishes, as well as its library allows: one file for each broker, each a program.
class Sender {
 public:
  virtual ~Sender() = default;

  /// Publishes one event. Waits while the broker does not take more, rather than losing events.
  virtual void send(std::size_t topic, const E_PROFILING_PROC& event, std::int64_t time_ns) = 0;
  /// Nothing follows for a while: what is collected has to leave.
  virtual void push() {}
  /// Called when all has arrived that will. Gives the number of events that were lost in this process.
  virtual std::uint64_t finish() = 0;
};

/// Connects, and returns when what is published from now on will reach all subscribers.
std::unique_ptr<Sender> connect(const SenderSetup& setup);

/// The event as msgpack, for clients that take bytes.
class EncodedEvent {
 public:
  std::string_view encode(const E_PROFILING_PROC& event) noexcept {
    const std::uint8_t* const end = event.encode(bytes_);
    return {reinterpret_cast<const char*>(bytes_), static_cast<std::size_t>(end - bytes_)};
  }

 private:
  std::uint8_t bytes_[512];
};

}  // namespace zevi::bench

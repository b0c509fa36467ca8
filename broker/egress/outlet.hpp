#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "egress_format.hpp"
#include "fanout_socket.hpp"
#include "metrics/counters.hpp"
#include "zevi/broker.hpp"

namespace zevi::broker {

/// A socket that subscribers connect to, with what it carries and in which format: `stream`, `events`, or a
/// route.
class Outlet : public MessageSink {
 public:
  struct Options {
    std::string name;    ///< for people: `stream`, `events`, `route E_PROFILING_`
    std::string prefix;  ///< only topics that begin so
    EventFormat format = EventFormat::stream;
    int queue_max = 0;  ///< messages that may wait for one subscriber
    bool is_route = false;
  };

  Outlet(zmq::context_t& context, const Endpoint& endpoint, Options options, Counters& counters);

  [[nodiscard]] FanoutSocket& socket() noexcept { return socket_; }
  [[nodiscard]] const FanoutSocket& socket() const noexcept { return socket_; }
  [[nodiscard]] const Options& options() const noexcept { return options_; }
  [[nodiscard]] const std::string& endpoint() const noexcept { return endpoint_; }

  /// From now on topics that begin so are left out: they have an outlet of their own.
  void leave_out(std::string prefix) { left_out_.push_back(std::move(prefix)); }
  /// From now on who asks for a barrier here is told of this route, which outlives the outlet.
  void tell_of(const Outlet& route);
  [[nodiscard]] bool carries(std::string_view topic) const noexcept;

  void take(SequencedMessage& message) override;
  /// Answers a barrier.
  void send_ready(std::string_view topic, wire::Ready ready);

  /// Which topics a subscription to `prefix` can bring here: those that begin with the result; none without
  /// one.
  [[nodiscard]] std::optional<std::string_view> narrow(std::string_view prefix) const noexcept;
  /// How many subscriptions here are narrowed to `prefix`.
  [[nodiscard]] std::uint64_t subscriptions_narrowed_to(std::string_view prefix) const noexcept;

 private:
  const Options options_;
  FanoutSocket socket_;
  const std::string endpoint_;  // as bound
  std::unique_ptr<EgressFormat> format_;
  std::vector<std::string> left_out_;
  std::vector<const Outlet*> told_of_;
};

}  // namespace zevi::broker

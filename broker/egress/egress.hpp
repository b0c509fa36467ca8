#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "outlet.hpp"
#include "security/security.hpp"

namespace zevi::broker {

/// Where subscribers connect: `stream`, `events`, and the routes in the order in which they were given.
class Egress {
 public:
  /// Binds. `stream` and `events` are where those two listen.
  Egress(const BrokerOptions& options, zmq::context_t& context, const Security& security,
         const std::string& stream, const std::string& events, Counters& counters);

  [[nodiscard]] std::size_t size() const noexcept { return outlets_.size(); }
  [[nodiscard]] Outlet& operator[](std::size_t place) noexcept { return *outlets_[place]; }
  [[nodiscard]] const Outlet& operator[](std::size_t place) const noexcept { return *outlets_[place]; }

  [[nodiscard]] const FanoutSocket& stream() const noexcept { return outlets_[0]->socket(); }
  [[nodiscard]] const FanoutSocket& events() const noexcept { return outlets_[1]->socket(); }
  [[nodiscard]] std::vector<std::string> route_endpoints() const;

  /// From now on the gate is asked about everyone who subscribes.
  void ask(Gate& gate);
  /// From now on, a connection with more prefixes is cut off.
  void limit_prefixes(std::size_t most);
  /// Cuts off those who may not subscribe any more.
  void apply_access();
  /// Cuts off the subscriber that has let messages wait for the longest. False if none does.
  bool cut_slowest();

  /// How many subscriptions the routes have: in all, of topics that begin with exactly this prefix, and of
  /// those that begin a topic.
  [[nodiscard]] std::uint64_t route_subscriptions() const noexcept;
  [[nodiscard]] std::uint64_t route_subscriptions(std::string_view prefix) const noexcept;
  [[nodiscard]] std::uint64_t route_subscriptions_of_topic(std::string_view topic) const noexcept;

 private:
  static constexpr std::size_t first_route = 2;

  void add(zmq::context_t& context, const Endpoint& endpoint, Outlet::Options options, Counters& counters);
  template <typename Count>
  [[nodiscard]] std::uint64_t sum_of_routes(Count count) const noexcept;

  std::vector<std::unique_ptr<Outlet>> outlets_;
};

}  // namespace zevi::broker

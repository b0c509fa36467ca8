#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <zmq.hpp>

#include "runtime/bind.hpp"
#include "runtime/clock.hpp"
#include "runtime/string_map.hpp"
#include "security/gate.hpp"
#include "subscriber_connections.hpp"
#include "zevi/limits.hpp"
#include "zevi/wire/subscriber_messages.hpp"

namespace zevi::broker {

/// An XPUB socket with what its subscribers asked for. Every subscription of every peer is seen
/// (XPUB_VERBOSER), so a prefix is counted once for each; libzmq takes back those of a peer that is gone. A
/// connection with too many prefixes, or that the gate does not let subscribe, is
/// cut off.
class FanoutSocket {
 public:
  /// Binds. `queue_max` is the number of messages that may wait for one subscriber, beyond which it loses its
  /// own.
  FanoutSocket(zmq::context_t& context, const Endpoint& endpoint, int queue_max);
  ~FanoutSocket();
  FanoutSocket(const FanoutSocket&) = delete;
  FanoutSocket& operator=(const FanoutSocket&) = delete;

  [[nodiscard]] zmq::socket_ref socket() noexcept { return socket_; }
  /// As bound.
  [[nodiscard]] std::string endpoint() const { return socket_.get(zmq::sockopt::last_endpoint); }

  /// From now on the gate is asked about everyone who subscribes, here or, with a number, at that route.
  void ask(Gate& gate, std::optional<std::size_t> route) noexcept {
    gate_ = &gate;
    route_ = route;
  }
  /// From now on, a connection with more prefixes is cut off.
  void limit_prefixes(std::size_t most);
  /// Cuts off those who may not subscribe any more.
  void apply_access();

  struct Change {
    enum class Kind : std::uint8_t {
      subscribed,
      unsubscribed,
      refused,  ///< for `reason`; `peer` is cut off
    };
    Kind kind = Kind::unsubscribed;
    std::string_view prefix{};  ///< valid until the next call, as `peer`
    std::string_view peer{};
    std::string_view reason{};
  };
  /// The next change of a peer's subscriptions, if one has arrived.
  [[nodiscard]] bool next_change(Change& change);
  /// To be called in every round, when there is no further change.
  void look(const Now& now);

  /// Those that have subscribed, by number.
  [[nodiscard]] const std::map<std::uint64_t, const SubscriberConnections::Subscriber*>& readers()
      const noexcept {
    return connections_.by_number();
  }

  /// The one that has let messages wait for the longest; null if none does.
  [[nodiscard]] SubscriberConnections::Subscriber* slowest();

  /// True if a subscriber is there for this topic.
  [[nodiscard]] bool wants(std::string_view topic) const noexcept;

  /// How many subscriptions there are: in all, of exactly this prefix, and of those that begin a topic.
  [[nodiscard]] std::uint64_t subscriptions() const noexcept { return subscriptions_; }
  [[nodiscard]] std::uint64_t subscriptions(std::string_view prefix) const noexcept;
  [[nodiscard]] std::uint64_t subscriptions_of_topic(std::string_view topic) const noexcept;

  /// Sends one message of three frames. Never blocks: a subscriber whose queue is full loses it.
  void send(std::string_view topic, zmq::message_t second, zmq::message_t third);
  /// The same with one frame.
  void send(std::string_view frame);
  /// The answer to a barrier, for those who read messages of three frames.
  void send_ready(std::string_view topic, const wire::Ready& ready);

 private:
  /// What there is to tell of a prefix that a connection, or for null an unknown one, wants; false if
  /// nothing.
  [[nodiscard]] bool subscribe(SubscriberConnections::Subscriber* subscriber, std::string_view prefix,
                               Change& change);
  [[nodiscard]] bool may_subscribe(const zmq::message_t& frame);
  [[nodiscard]] bool unsubscribe(SubscriberConnections::Subscriber* subscriber, std::string_view prefix);

  zmq::socket_t socket_;
  zmq::message_t incoming_;
  Gate* gate_ = nullptr;  ///< null: whoever is connected may subscribe
  std::optional<std::size_t> route_;
  std::size_t prefixes_max_ = limits::connection_prefixes_max;
  std::string too_many_prefixes_;
  SubscriberConnections connections_;
  StringMap<PrefixCount> prefixes_;
  std::uint64_t subscriptions_ = 0;  // without those that are no prefix of a topic
};

}  // namespace zevi::broker

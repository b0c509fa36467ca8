#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>
#include <zmq.hpp>

#include "backlog.hpp"
#include "runtime/clock.hpp"
#include "runtime/connection.hpp"

namespace zevi::broker {

/// How many connections hold a prefix.
struct PrefixCount {
  std::uint64_t counted = 0;
  std::uint64_t refused = 0;  ///< held by connections that are being cut off, beyond their limit
  std::uint64_t holders =
      0;  ///< connections whose list points here, of ended ones as well until they are forgotten
  std::string_view prefix{};  ///< itself

  [[nodiscard]] bool is_unused() const noexcept { return counted == 0 && refused == 0 && holders == 0; }
};

/// What each connection of a fan-out socket subscribes to.
///
/// libzmq passes on every subscription, also one that its peer has made already, and every unsubscription,
/// also of what that peer never subscribed to (xpub.cpp, XPUB_VERBOSER). But when a connection ends it tells
/// of each prefix once. So what is counted has to be known by connection: else one that subscribes twice
/// would be counted for ever, and one that takes back what is another's would leave that one without events.
///
/// Belongs to the routing thread.
class SubscriberConnections {
 public:
  struct Subscriber {
    zmq::message_t frame;  ///< keeps what the frames of this connection have in common from being reused
    Connection connection;
    std::string peer;  ///< as the kernel or libzmq names it
    bool is_cut = false;
    std::uint64_t number = 0;  ///< later ones have higher numbers
    Backlog backlog{};
    std::vector<PrefixCount*> prefixes{};  ///< sorted

    /// False if it has it already.
    [[nodiscard]] bool add(PrefixCount& prefix);
    /// False if it does not have it.
    [[nodiscard]] bool remove(PrefixCount& prefix);
    /// Ends the connection; libzmq then tells of its prefixes as of any that ends.
    void cut();
  };

  /// Whose frame it is. Null when libzmq made it for a connection that has ended, and for `inproc://`.
  [[nodiscard]] Subscriber* of(zmq::message_t& frame);

  template <typename Visit>
  void for_each(Visit visit) {
    for (auto& [key, subscriber] : connections_) visit(subscriber);
  }

  [[nodiscard]] const std::map<std::uint64_t, const Subscriber*>& by_number() const noexcept {
    return by_number_;
  }

  /// Looks at what each has not read, and forgets the connections that have ended. To be called when no frame
  /// is left to be read; looks once a second, and forgets what it finds ended twice. Calls `release` for each
  /// prefix that a forgotten one held.
  void look(const Now& now, const std::function<void(PrefixCount&)>& release);

 private:
  // By a place in memory that all frames of the connection share.
  std::unordered_map<const char*, Subscriber> connections_;
  std::map<std::uint64_t, const Subscriber*> by_number_;
  std::uint64_t last_number_ = 0;
  std::vector<const char*> ended_;
  SteadyTime next_look_{};
};

}  // namespace zevi::broker

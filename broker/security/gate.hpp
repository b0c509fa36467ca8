#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "access_list.hpp"
#include "metrics/counters.hpp"
#include "runtime/complaints.hpp"
#include "runtime/string_map.hpp"

namespace zevi::broker {

/// Decides who may connect: libzmq asks here (RFC 27, ZAP) before it passes on anything of a new connection
/// of a socket whose ZAP domain is the name of a role, or names a route. The answer names the peer, and
/// libzmq puts that name on every message of the connection, so that later questions, such as for the topics
/// of a publisher, are about the same peer.
///
/// Belongs to the routing thread. One gate for a ZeroMQ context, since there is one address for it.
class Gate {
 public:
  /// Throws `zevi::Error` if the context has another such handler.
  Gate(zmq::context_t& context, AccessLists lists, Counters& counters, Complaints& complaints);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  [[nodiscard]] zmq::socket_ref socket() noexcept { return socket_; }

  /// Answers for the connections that wait.
  void do_work();
  /// From now on these lists hold.
  void replace(AccessLists lists);

  /// Who sent a frame, as `Peer::text`; empty for a peer of this process, over `inproc://`. The frame is not
  /// the one that holds a ROUTER's routing id, which does not always know.
  [[nodiscard]] static std::string_view name_of_sender(const zmq::message_t& frame) noexcept;
  /// What tells the process that sent a frame from all others, by the kernel's word or by its key; empty if
  /// nothing does.
  [[nodiscard]] static std::string owner_of(const zmq::message_t& frame);
  /// What the peer of that name may do.
  [[nodiscard]] const Permission& permission(std::string_view name, Role role);
  /// Whether the peer of that name may subscribe, at a route if one is given.
  [[nodiscard]] bool may_subscribe(std::string_view name, std::optional<std::size_t> route);

  /// The ZAP domain of a route.
  [[nodiscard]] static std::string domain_of_route(std::size_t route);

 private:
  struct Permissions {
    std::array<Permission, role_names.size()> of_role;
    std::vector<bool> of_route;  ///< to subscribe there
  };

  void answer(std::vector<zmq::message_t>& request);
  [[nodiscard]] bool admits(const std::string& name, std::string_view domain);
  [[nodiscard]] const Permissions& permissions(std::string_view peer);

  zmq::socket_t socket_;
  AccessLists lists_;
  Counters& counters_;
  Complaints& complaints_;
  StringMap<Permissions> permissions_;  // of those that have asked, by name
  std::string routing_id_;
  std::vector<zmq::message_t> frames_;
};

}  // namespace zevi::broker

#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "zevi/broker.hpp"

namespace zevi::broker {

/// What a peer connects for. Each endpoint is for one.
enum class Role : std::uint8_t { publish, subscribe, replay, control };
inline constexpr std::array<std::string_view, 4> role_names{"publish", "subscribe", "replay", "control"};

[[nodiscard]] constexpr std::string_view name_of(Role role) noexcept {
  return role_names[static_cast<std::size_t>(role)];
}

/// Who is at the other end of a connection: a process of this machine, as the kernel says; the owner of a
/// key, as CURVE has proved; or somebody of whom neither is known.
struct Peer {
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  std::string key;  ///< Z85; empty: none

  /// One word, which `read` understands.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] static Peer read(std::string_view text);
};

/// For what topics a peer may use a role.
struct Permission {
  bool is_given = false;
  std::vector<std::string> prefixes{};  ///< empty: all topics
  std::vector<std::string> except{};    ///< also prefixes: none of their topics

  /// True if every topic that begins with `prefix`, or is it, is among them, but for exceptions within.
  [[nodiscard]] bool covers(std::string_view prefix) const noexcept;
  void add(const std::vector<std::string>& more);
};

/// Who may do what, as a file says it, a line each:
///
///     # who          what for            topics that begin with; all if none is named
///     uid=opensips   publish             E_CORE_,E_SITE_
///     gid=monitor    subscribe,replay
///     key=Z85        subscribe,replay    (the 40 characters of a public key)
///     anyone         control             (every process of this machine)
///
/// Who is in several lines may do what any of them says, who is in none nothing. Over `ipc://`, root and the
/// broker's own user may do everything: they could read and end it in other ways. `gid=` means those whose
/// primary group it is and who were listed as its members when the file was read.
class AccessList {
 public:
  /// Throws `zevi::Error` that names file, line and reason.
  [[nodiscard]] static AccessList read(const std::string& path);

  [[nodiscard]] Permission permission(const Peer& peer, Role role) const;

 private:
  struct Rule {
    std::vector<uid_t> uids;
    std::optional<gid_t> gid;
    std::string key;
    bool is_anyone = false;
    std::array<bool, role_names.size()> roles{};
    std::vector<std::string> prefixes;

    [[nodiscard]] bool is_for(const Peer& peer) const;
  };

  [[nodiscard]] static Rule read_rule(std::string_view line);
  static void read_who(std::string_view word, Rule& rule);

  std::vector<Rule> rules_;
};

/// All lists that hold: that of the broker, and those that its routes may have of their own.
struct AccessLists {
  struct OfRoute {
    std::string prefix;
    bool also = false;  ///< its topics can be had elsewhere too, so that its list is for the route alone
    std::optional<AccessList> list;  ///< none: that of the broker
  };
  AccessList list;
  std::vector<OfRoute> routes;

  /// Throws `zevi::Error`.
  [[nodiscard]] static AccessLists read(const BrokerOptions& options);

  [[nodiscard]] bool may_subscribe(const Peer& peer, std::size_t route) const;
  /// Without the topics of routes where the peer may not subscribe, for roles by which it could get at them.
  [[nodiscard]] Permission permission(const Peer& peer, Role role) const;
};

}  // namespace zevi::broker

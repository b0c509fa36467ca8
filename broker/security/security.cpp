#include "security.hpp"

#include <grp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "gate.hpp"
#include "zevi/curve_keys.hpp"
#include "zevi/error.hpp"

namespace zevi::broker {

namespace {

gid_t group_id(const std::string& name) {
  gid_t id = 0;
  const char* const end = name.data() + name.size();
  if (const auto [rest, error] = std::from_chars(name.data(), end, id); error == std::errc{} && rest == end) {
    return id;
  }
  const group* const found = getgrnam(name.c_str());
  if (found == nullptr) throw Error("no group '" + name + "' is known here: choose another --socket-group");
  return found->gr_gid;
}

/// An address that only this machine reaches.
bool is_local(std::string_view address) {
  constexpr std::array<std::string_view, 4> local_hosts{"127.", "localhost:", "[::1]:", "lo:"};
  constexpr std::string_view tcp = "tcp://";
  if (!address.starts_with(tcp)) return true;
  address.remove_prefix(tcp.size());
  return std::any_of(local_hosts.begin(), local_hosts.end(),
                     [address](std::string_view host) { return address.starts_with(host); });
}

void check_address(std::string_view name, const std::string& address, bool is_protected) {
  constexpr std::array<std::string_view, 3> schemes{"ipc://", "tcp://", "inproc://"};
  const bool is_known = std::any_of(schemes.begin(), schemes.end(),
                                    [&](std::string_view scheme) { return address.starts_with(scheme); });
  if (!address.empty() && !is_known) {
    throw Error(std::string(name) + " cannot be " + address +
                ": choose ipc://PATH, tcp://ADDRESS:PORT or inproc://NAME");
  }
  if (!is_protected && !is_local(address)) {
    throw Error(
        std::string(name) + " " + address +
        " could be reached from other machines: give --curve-key and --access, so that only known keys "
        "get in, or choose tcp://127.0.0.1");
  }
}

}  // namespace

Security Security::read(const BrokerOptions& options) {
  Security security;
  if ((options.socket_mode & ~0666U) != 0 || (options.socket_mode & 0600U) != 0600U) {
    throw Error("socket-mode must be of the kind 0600, 0660 or 0666: who connects has to read and write");
  }
  security.socket_mode = options.socket_mode;
  if (!options.socket_group.empty()) security.socket_group = group_id(options.socket_group);
  if (!options.access.empty()) security.lists = AccessLists::read(options);
  if (!options.curve_key.empty()) {
    if (!security.lists) throw Error("curve-key needs --access: the keys that may connect are named there");
    security.curve_secret_key = read_curve_keys(options.curve_key).secret_key;
    if (security.curve_secret_key.empty()) {
      throw Error(options.curve_key + " holds no secret key: give the file that keeps it");
    }
  }
  const bool is_protected = !security.curve_secret_key.empty();
  check_address("ingress", options.ingress, is_protected);
  check_address("stream", options.stream, is_protected);
  check_address("events", options.events, is_protected);
  check_address("replay", options.replay, is_protected);
  check_address("control", options.control, is_protected);
  for (const Route& route : options.routes) check_address("route", route.endpoint, is_protected);
  return security;
}

Endpoint Security::endpoint(const std::string& address, Role role) const {
  Endpoint endpoint(address);
  endpoint.mode = socket_mode;
  endpoint.group = socket_group;
  if (lists) endpoint.zap_domain = name_of(role);
  endpoint.curve_secret_key = curve_secret_key;
  return endpoint;
}

Endpoint Security::route_endpoint(const std::string& address, std::size_t route) const {
  Endpoint endpoint = this->endpoint(address, Role::subscribe);
  if (lists) endpoint.zap_domain = Gate::domain_of_route(route);
  return endpoint;
}

mode_t directory_mode(mode_t socket_mode) noexcept {
  return 0700 | ((socket_mode & 0060U) != 0 ? 0050 : 0) | ((socket_mode & 0006U) != 0 ? 0005 : 0);
}

}  // namespace zevi::broker

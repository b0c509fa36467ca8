#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>

#include "access_list.hpp"
#include "runtime/bind.hpp"
#include "zevi/broker.hpp"

namespace zevi::broker {

/// What the options say about who may come in, with the files that they name read.
struct Security {
  mode_t socket_mode = 0660;
  std::optional<gid_t> socket_group;
  std::optional<AccessLists> lists;  ///< none: whoever can open a socket may do everything there
  std::string curve_secret_key;

  /// Throws `zevi::Error` for what cannot be read, and for an endpoint that others could reach from outside
  /// without proof of who they are.
  [[nodiscard]] static Security read(const BrokerOptions& options);

  /// The endpoint at `address` as it is to be bound.
  [[nodiscard]] Endpoint endpoint(const std::string& address, Role role) const;
  [[nodiscard]] Endpoint route_endpoint(const std::string& address, std::size_t route) const;
};

/// The mode of a directory whose files have `socket_mode`: who may use a file may look it up.
[[nodiscard]] mode_t directory_mode(mode_t socket_mode) noexcept;

}  // namespace zevi::broker

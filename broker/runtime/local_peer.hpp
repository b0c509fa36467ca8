#pragma once

#include <sys/types.h>

#include <optional>
#include <string_view>

namespace zevi::broker {

/// A process of this machine at the other end of an `ipc://` connection, as the kernel says (SO_PEERCRED).
struct LocalPeer {
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;  ///< 0: not known
};

/// What libzmq says of a peer, `localhost:UID:GID:PID`; nothing for one over another transport.
[[nodiscard]] std::optional<LocalPeer> read_local_peer(std::string_view address) noexcept;

}  // namespace zevi::broker

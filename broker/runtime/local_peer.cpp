#include "runtime/local_peer.hpp"

#include <charconv>

namespace zevi::broker {

std::optional<LocalPeer> read_local_peer(std::string_view address) noexcept {
  constexpr std::string_view local = "localhost:";
  if (!address.starts_with(local)) return std::nullopt;
  const char* const end = address.data() + address.size();
  LocalPeer peer;
  const auto uid = std::from_chars(address.data() + local.size(), end, peer.uid);
  if (uid.ec != std::errc{} || uid.ptr == end || *uid.ptr != ':') return std::nullopt;
  const auto gid = std::from_chars(uid.ptr + 1, end, peer.gid);
  if (gid.ec != std::errc{}) return std::nullopt;
  if (gid.ptr != end && *gid.ptr == ':') std::from_chars(gid.ptr + 1, end, peer.pid);
  return peer;
}

}  // namespace zevi::broker

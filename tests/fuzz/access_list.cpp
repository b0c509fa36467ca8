#include "security/access_list.hpp"

#include <cstdlib>

#include "memory_file.hpp"
#include "zevi/error.hpp"

using namespace zevi::broker;

/// An access list, and the names under which peers are known.
extern "C" int LLVMFuzzerTestOneInput(const char* data, std::size_t size) {
  const Peer peer = Peer::read({data, size});
  if (Peer::read(peer.text()).text() != peer.text()) std::abort();
  try {
    const AccessList list = AccessList::read(zevi::test::MemoryFile({data, size}).path());
    for (const Role role : {Role::publish, Role::subscribe, Role::replay, Role::control}) {
      const Permission permission = list.permission(peer, role);
      if (permission.covers("") && !permission.covers("E_ANY")) std::abort();
      if (!permission.is_given && permission.covers("E_ANY")) std::abort();
    }
  } catch (const zevi::Error&) {
  }
  return 0;
}

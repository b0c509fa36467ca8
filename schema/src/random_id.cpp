#include "zevi/random_id.hpp"

#include <sys/random.h>

#include <cerrno>

#include "zevi/error.hpp"
#include "zevi/wire/control_frame.hpp"

namespace zevi {

std::uint64_t random_id() {
  for (;;) {
    std::uint64_t value = 0;
    if (getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value)) {
      if (errno == EINTR) continue;
      throw Error("the kernel gives no random numbers (getrandom)");
    }
    value %= wire::id_end;
    if (value != 0) return value;
  }
}

}  // namespace zevi

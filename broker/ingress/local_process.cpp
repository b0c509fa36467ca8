#include "local_process.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <limits>

namespace zevi::broker {

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

bool process_is_gone(const PublisherName& publisher, const std::string& this_host) noexcept {
  if (publisher.pid == 0 || publisher.pid > static_cast<std::uint64_t>(std::numeric_limits<pid_t>::max())) {
    return false;
  }
  if (this_host.empty() || publisher.host != this_host) return false;
  return kill(static_cast<pid_t>(publisher.pid), 0) != 0 && errno == ESRCH;
}

}  // namespace zevi::broker

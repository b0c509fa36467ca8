#include "endpoint_guard.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "zevi/error.hpp"

namespace zevi::broker {

EndpointGuard::EndpointGuard(RuntimeDirectory* directory, Counters& counters,
                             std::function<void(LogLevel, std::string_view)> log)
    : directory_(directory), counters_(counters), log_(std::move(log)) {}

EndpointGuard::~EndpointGuard() {
  for (const Watched& watched : watched_) {
    if (watched.is_in_place()) unlink(watched.path.c_str());
  }
}

void EndpointGuard::watch(zmq::socket_ref socket, const Endpoint& endpoint) {
  std::string path = socket_path(endpoint.address);
  if (path.empty()) return;
  watched_.push_back({socket, endpoint, std::move(path)});
  watched_.back().remember();
}

void EndpointGuard::check(SteadyTime now) {
  if (now < next_check_) return;
  next_check_ = now + interval;
  if (directory_ != nullptr) {
    attempt(directory_fault_, "the lock of runtime directory " + directory_->path(),
            [this] { return directory_->restore(); });
    // Whoever has the directory has its files.
    if (!directory_fault_.empty()) return;
  }
  for (Watched& watched : watched_) {
    attempt(watched.fault, "the socket file " + watched.path, [&] {
      if (watched.is_in_place()) return false;
      bind_to(watched.socket, watched.endpoint);
      watched.remember();
      counters_.add(Counter::sockets_restored);
      return true;
    });
  }
}

template <typename Restore>
void EndpointGuard::attempt(std::string& fault, const std::string& thing, Restore restore) {
  try {
    const bool was_removed = restore();
    fault.clear();
    if (was_removed)
      tell(LogLevel::warning, thing + " was removed: made it again; keep others from cleaning up there");
  } catch (const Error& error) {
    const std::string previous = std::exchange(fault, error.what());
    if (previous != fault) tell(LogLevel::error, thing + " was removed, and is not made again: " + fault);
  }
}

void EndpointGuard::tell(LogLevel level, std::string_view text) const {
  if (log_) log_(level, text);
}

void EndpointGuard::Watched::remember() {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return;  // removed already: seen at the next check
  device = status.st_dev;
  inode = status.st_ino;
}

bool EndpointGuard::Watched::is_in_place() const noexcept {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

}  // namespace zevi::broker

#pragma once

#include <string>
#include <string_view>

namespace zevi::bridges {

/// Where a bridge keeps its cursor that is told nothing else: below `$STATE_DIRECTORY`, else `/var/lib/zevi`
/// for root, else `$XDG_STATE_HOME/zevi`, else `~/.local/state/zevi`. `bus` is in its name, for people;
/// `what` is all that makes this bridge another one than its neighbour. Makes the directory.
[[nodiscard]] std::string default_cursor(std::string_view bus, std::string_view what);

/// Two bridges with one cursor would send everything twice and confirm each other's events.
class CursorLock {
 public:
  /// Throws `zevi::Error` if another process has it.
  explicit CursorLock(const std::string& cursor);
  ~CursorLock();
  CursorLock(const CursorLock&) = delete;
  CursorLock& operator=(const CursorLock&) = delete;

 private:
  int fd_;
};

}  // namespace zevi::bridges

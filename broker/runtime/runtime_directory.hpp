#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace zevi::broker {

/// Holds a runtime directory for one broker. libzmq would bind over the socket of a broker that lives, and so
/// take its publishers away; a lock file says whether one does, and the kernel lets go of it when its holder
/// is killed.
class RuntimeDirectory {
 public:
  /// Makes the directory with this mode and group if needed, and locks it. Throws `zevi::Error` if another
  /// broker holds it.
  explicit RuntimeDirectory(std::string path, mode_t mode = 0750, std::optional<gid_t> group = std::nullopt);
  ~RuntimeDirectory();
  RuntimeDirectory(const RuntimeDirectory&) = delete;
  RuntimeDirectory& operator=(const RuntimeDirectory&) = delete;

  /// Takes the directory and its lock again if somebody has removed them; false if they are in place. Throws
  /// `zevi::Error` if another broker has taken them.
  bool restore();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  void make() const;

  std::string path_;
  mode_t mode_;
  std::optional<gid_t> group_;
  int lock_fd_ = -1;
};

}  // namespace zevi::broker

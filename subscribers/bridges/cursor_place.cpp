#include "cursor_place.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

namespace fs = std::filesystem;

fs::path state_directory() {
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  const std::string of_unit = variable("STATE_DIRECTORY");
  if (!of_unit.empty()) return of_unit.substr(0, of_unit.find(':'));
  if (geteuid() == 0) return "/var/lib/zevi";
  const std::string of_user = variable("XDG_STATE_HOME");
  if (!of_user.empty()) return fs::path(of_user) / "zevi";
  return fs::path(variable("HOME")) / ".local/state/zevi";
}

/// FNV-1a: the same in every build, unlike std::hash.
std::uint32_t fingerprint(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

}  // namespace

std::string default_cursor(std::string_view bus, std::string_view what) {
  constexpr std::size_t name_bytes_max = 64;
  std::string name = "bridge-";
  for (const char c : bus.substr(0, name_bytes_max)) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
    if (is_plain || !name.ends_with('-')) name += is_plain ? c : '-';
  }
  std::array<char, 32> end{};
  std::snprintf(end.data(), end.size(), "-%08x.cursor", fingerprint(what));
  const fs::path directory = state_directory();
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    throw Error("cannot make " + directory.string() + " for the cursor: " + error.message() +
                "; give --cursor FILE");
  }
  return directory / (name + end.data());
}

CursorLock::CursorLock(const std::string& cursor) {
  const std::string path = cursor + ".lock";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd_ < 0) throw Error("cannot use the cursor " + cursor + ": " + path + ": " + std::strerror(errno));
  if (flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
  ::close(fd_);
  throw Error("another bridge uses the cursor " + cursor + "; give each its own with --cursor FILE");
}

CursorLock::~CursorLock() {
  ::close(fd_);
}

}  // namespace zevi::bridges

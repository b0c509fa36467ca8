#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

/// A directory with a short path, as unix sockets need, that is gone when the test ends.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    char name[] = "/tmp/zevi-XXXXXX";
    if (mkdtemp(name) == nullptr) throw std::runtime_error("cannot make a directory in /tmp");
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

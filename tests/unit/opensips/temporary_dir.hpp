#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

/// A directory of the test's own, gone at its end; its path is short enough for unix sockets.
class TemporaryDir {
 public:
  TemporaryDir() {
    char path[] = "/tmp/zevi-XXXXXX";
    path_ = mkdtemp(path);
  }
  ~TemporaryDir() { std::filesystem::remove_all(path_); }
  TemporaryDir(const TemporaryDir&) = delete;
  TemporaryDir& operator=(const TemporaryDir&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

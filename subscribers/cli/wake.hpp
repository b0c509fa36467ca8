#pragma once

namespace zevi::cli {

/// One descriptor that is readable when the program is to stop or the reader of its output has gone.
class Wake {
 public:
  Wake(int stop_fd, int output_fd);
  ~Wake();
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace zevi::cli

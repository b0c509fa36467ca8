#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace zevi::cli {

/// Lines for standard output, gathered and written together. A reader that has stopped reading (a pager, a
/// terminal on hold) holds the program up, but never keeps it from stopping.
class LineOutput {
 public:
  /// `stop_fd` becomes readable when the program is to stop.
  LineOutput(int fd, int stop_fd);

  /// To append lines to.
  [[nodiscard]] std::string& buffer() noexcept { return buffer_; }
  [[nodiscard]] bool is_full() const noexcept { return buffer_.size() >= 64 * 1024; }

  enum class Flushed : std::uint8_t {
    written,
    closed,   ///< nobody reads any more
    stopped,  ///< asked to stop while nobody read; the rest has not been written
  };
  /// Writes all. Throws `zevi::Error` if that fails for another reason than a closed pipe: a full disk.
  [[nodiscard]] Flushed flush();
  /// True if the reader has gone away.
  [[nodiscard]] bool is_closed() const noexcept;

 private:
  const int fd_;
  const int stop_fd_;
  std::size_t write_bytes_max_;
  std::string buffer_;
};

}  // namespace zevi::cli

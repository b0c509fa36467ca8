#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

namespace zevi::bridges {

/// When a file of lines is put aside and a new one begun.
struct Rotation {
  std::uint64_t bytes = 0;          ///< when it has so many; 0: never
  std::chrono::nanoseconds age{0};  ///< when the clock passes a multiple of this; 0: never
  std::uint64_t keep = 0;           ///< so many that were put aside stay, 0: all
};

/// A file to which lines are appended that begin with `{"id":"ID"`. All functions throw `zevi::Error` when
/// the disk does not do what it should.
class LineFile {
 public:
  /// Opens or makes it. A line that a crash cut short is taken off, or, if it is not one of ours, ended.
  LineFile(std::string path, const Rotation& rotation);
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  /// Appends to what `sync` will write, unless the end of the file had this event when it was opened.
  void append(std::string_view id, std::string_view line);
  [[nodiscard]] std::size_t waiting_bytes() const noexcept { return waiting_.size(); }
  /// Writes and waits until the disk has it; then rotates if it is time.
  void sync();

 private:
  void open();
  void close() noexcept;
  void mend_end();
  void learn_ids();
  [[nodiscard]] bool was_moved() const;
  [[nodiscard]] bool is_time_to_rotate() const;
  void rotate();

  const std::string path_;
  const Rotation rotation_;
  int fd_ = -1;
  std::uint64_t bytes_ = 0;
  std::int64_t period_ = 0;  // of the clock in which it was written last
  std::string waiting_;

  // Events that its end had when it was opened; forgotten when all that can come again has come.
  std::unordered_set<std::string> known_;
  std::uint64_t new_bytes_ = 0;
};

}  // namespace zevi::bridges

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "zevi/publisher_counters.h"

namespace zevi::shim {

/// The file of `zevi/publisher_counters.h`, mapped, so that counting there is a store into memory and what
/// was counted outlives a killed process. Every page is reserved on the file system before anybody stores
/// into it: a store into a hole of a full disk would kill the process.
class CountersFile {
 public:
  /// Makes the file and puts it at `path`. A file that is there already and was not closed belongs to a
  /// process that was killed, or to one that was given the same path: it is renamed to `path.PID`, with the
  /// id of its process. Throws `zevi::Error`.
  CountersFile(const std::string& path, std::string_view name, std::uint64_t id);
  ~CountersFile();
  CountersFile(const CountersFile&) = delete;
  CountersFile& operator=(const CountersFile&) = delete;

  /// Counts of a further thread, by topic, all 0; null if there is no room. One caller at a time.
  [[nodiscard]] zevi_counters_published* add_thread() noexcept;
  /// The topic with the next index. One caller at a time.
  void add_topic(std::string_view name) noexcept;
  /// By topic; for the flusher.
  [[nodiscard]] zevi_counters_answered* answers() noexcept;
  /// Says that everything has been said.
  void close() noexcept;

 private:
  [[nodiscard]] void* map(std::size_t offset, std::size_t bytes);
  [[nodiscard]] bool reserve(std::size_t offset, std::size_t bytes) noexcept;
  void count_incomplete() noexcept;
  void create(const std::string& path);

  int file_ = -1;
  zevi_counters_head* head_ = nullptr;
  struct Mapping {
    void* begin;
    std::size_t bytes;
  };
  std::vector<Mapping> mappings_;
};

}  // namespace zevi::shim

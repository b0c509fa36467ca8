#pragma once

#include <cstdint>
#include <string>

namespace zevi::broker {

/// The directory of a store, as far as it is ours and not the database's: the file `FORMAT` says what it is
/// and of which version, and the file `CLOSED` that it was closed as it should be. With the latter goes a
/// count of all changes, so that one that is not of this state is not believed.
class StoreDirectory {
 public:
  /// Makes the directory (mode 0750) if needed. Throws `zevi::Error` if it holds something else, or a store
  /// of a newer version.
  explicit StoreDirectory(std::string path);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string database_path() const { return database_path_in(path_); }
  [[nodiscard]] static std::string database_path_in(const std::string& path) { return path + "/db"; }
  /// Nothing is in it yet.
  [[nodiscard]] bool is_new() const noexcept { return is_new_; }
  /// A database was made in it: from now on a missing one is damage.
  void created();

  /// Whether the store was closed in this epoch after so many changes.
  [[nodiscard]] bool is_closed(std::uint64_t epoch, std::uint64_t changes_count) const;
  /// From now on it is not. To be called before anything is changed.
  void mark_open();
  void mark_closed(std::uint64_t epoch, std::uint64_t changes_count);

  /// For those that look at a store without a broker: throw `zevi::Error` if there is none, or one of a newer
  /// version. To be repaired, it may have lost its mark.
  static void check(const std::string& path);
  static void check_for_repair(const std::string& path);
  /// From now on no broker takes it for a store: it would clear away what is not repaired yet.
  static void begin_repair(const std::string& path);
  /// It is a store again, and was not closed.
  static void repaired(const std::string& path);

 private:
  std::string path_;
  bool is_new_ = false;
};

}  // namespace zevi::broker

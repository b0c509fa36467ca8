#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "changes.hpp"

namespace zevi::broker {

/// What the store needs of a database: that what is written together is there together or not at all, and
/// that damaged bytes are noticed. The only part that knows which database it is; tests have one of their
/// own.
///
/// `write`, `sync` and `close` belong to one thread at a time; reading is for any, beside it.
class Database {
 public:
  /// Empty, or why it failed, in words.
  using Fault = std::string;

  virtual ~Database() = default;

  /// Writes everything in this order, together. Written means: safe from the death of this process. With
  /// `sync` also from that of the machine, with all that was written before.
  [[nodiscard]] virtual Fault write(const std::vector<const Changes*>& changes, bool sync) = 0;
  [[nodiscard]] virtual Fault sync() = 0;

  /// All rows, in the order of their keys.
  [[nodiscard]] virtual Fault read_rows(
      const std::function<void(std::string_view key, std::string_view value)>& take) = 0;

  using TakeMessage = std::function<bool(const MessageKey& key, const MessageView& message)>;

  /// The messages of `topic` in `segment` that hold number `q` or a higher one, in order, until `take` says
  /// false. What is damaged is passed over, and said.
  [[nodiscard]] virtual Fault read_messages(std::uint64_t segment, std::uint32_t topic, std::uint64_t q,
                                            const TakeMessage& take) = 0;
  /// All messages, in the order of their keys; otherwise like `read_messages`.
  [[nodiscard]] virtual Fault read_all_messages(const TakeMessage& take) = 0;

  /// Reads everything there is and compares it with its checksums.
  [[nodiscard]] virtual Fault verify() = 0;

  /// Counts everything that was ever written: a database that lost something counts less.
  [[nodiscard]] virtual std::uint64_t changes_count() = 0;

  /// Everything is on the disk, and the database can be opened by others. Nothing may be called behind it.
  [[nodiscard]] virtual Fault close() = 0;
};

struct DatabaseOptions {
  std::string directory;
  bool may_create = false;
  std::uint64_t bytes_max = 0;  ///< about what it will hold, to size its parts
  bool is_read_only = false;    ///< nothing is changed; not even the lock is taken
};

/// False if this program was built without a database.
[[nodiscard]] bool has_database() noexcept;

/// Throws `zevi::Error`: another program uses the directory, or it is damaged.
[[nodiscard]] std::unique_ptr<Database> open_database(const DatabaseOptions& options);

/// Throws `zevi::Error` if another program uses the database.
void check_is_not_used(const std::string& directory);

/// What could be saved of a damaged database.
struct Salvage {
  std::unique_ptr<Database> database;
  /// From files that were put aside, damaged ones and others: what can be read of them.
  std::vector<KeyValue> rows;
  std::uint64_t messages = 0;  ///< put back from damaged files
  std::uint64_t files = 0;     ///< that are damaged
};

/// Makes a database of what can be read. Throws `zevi::Error` if another program uses it, or nothing can be
/// written there.
[[nodiscard]] Salvage repair_database(const std::string& directory);
/// Once everything that it gave is written and closed.
void end_repair(const std::string& directory);

}  // namespace zevi::broker

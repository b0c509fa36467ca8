#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <utility>

#include "database.hpp"
#include "rocksdb_scan.hpp"
#include "zevi/error.hpp"

namespace zevi::broker {

namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

/// Messages leave by whole segments, and rows are overwritten all the time: kept apart, neither makes work
/// for the other.
constexpr const char* messages_name = "messages";

rocksdb::Slice slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}
std::string fault_of(const rocksdb::Status& status) {
  return status.ok() ? std::string() : status.ToString();
}

/// Damage that is found when files are merged stops all writing until the store is repaired.
std::string write_fault_of(const rocksdb::Status& status) {
  const char* const remedy =
      "; it is damaged: stop the broker, and zevid --repair-store saves what can be read";
  return status.IsCorruption() ? status.ToString() + remedy : fault_of(status);
}

rocksdb::DBOptions database_options(const DatabaseOptions& options, std::uint64_t buffer_bytes) {
  rocksdb::DBOptions database;
  database.create_if_missing = options.may_create;
  database.create_missing_column_families = options.may_create;
  // What was cut off in the middle of being written was promised to nobody; any other fault is damage.
  database.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  database.paranoid_checks = true;
  database.max_total_wal_size = 4 * buffer_bytes;
  database.max_background_jobs = 2;
  database.allow_concurrent_memtable_write = false;
  database.bytes_per_sync = mebibyte;
  database.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  database.keep_log_file_num = 2;
  database.max_log_file_size = mebibyte;
  return database;
}

rocksdb::ColumnFamilyOptions family_options(std::uint64_t buffer_bytes) {
  rocksdb::ColumnFamilyOptions family;
  family.write_buffer_size = buffer_bytes;
  family.max_write_buffer_number = 4;
  family.target_file_size_base = buffer_bytes;
  family.max_bytes_for_level_base = 4 * buffer_bytes;
  family.compression = rocksdb::kNoCompression;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = std::size_t{16} * 1024;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return family;
}

std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(std::uint64_t buffer_bytes) {
  return {{rocksdb::kDefaultColumnFamilyName, family_options(std::min(buffer_bytes, 16 * mebibyte))},
          {messages_name, family_options(buffer_bytes)}};
}

Error is_used(const std::string& directory) {
  return Error("store " + directory +
               ": another program uses it; stop that one or choose another directory with --store");
}

Error cannot_open(const std::string& directory, const rocksdb::Status& status) {
  const std::string what = status.ToString();
  if (status.IsIOError() && what.find("LOCK") != std::string::npos) {
    return is_used(directory);
  }
  if (status.IsIOError() && status.subcode() == rocksdb::Status::SubCode::kNoSpace) {
    return Error("cannot open store " + directory + ": no space is left on its disk; make room");
  }
  return Error("cannot open store " + directory + ": " + what +
               "; if it is damaged, zevid --repair-store saves what can be read");
}

class RocksDatabase : public Database {
 public:
  explicit RocksDatabase(const DatabaseOptions& options) {
    const std::uint64_t buffer_bytes = std::clamp(options.bytes_max / 64, 2 * mebibyte, 64 * mebibyte);
    const auto families = family_descriptors(buffer_bytes);
    const rocksdb::DBOptions how = database_options(options, buffer_bytes);
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status =
        options.is_read_only
            ? rocksdb::DB::OpenForReadOnly(how, options.directory, families, &families_, &opened)
            : rocksdb::DB::Open(how, options.directory, families, &families_, &opened);
    if (!status.ok()) throw cannot_open(options.directory, status);
    database_.reset(opened);
    if (options.may_create) create();
  }
  ~RocksDatabase() override {
    if (database_) static_cast<void>(close_database());
  }
  RocksDatabase(const RocksDatabase&) = delete;
  RocksDatabase& operator=(const RocksDatabase&) = delete;

  Fault write(const std::vector<const Changes*>& changes, bool sync) override {
    if (const Fault fault = resume(); !fault.empty()) return fault;
    batch_.Clear();
    for (const Changes* const part : changes) add(*part);
    rocksdb::WriteOptions how;
    how.sync = sync;
    const rocksdb::Status status = database_->Write(how, &batch_);
    has_failed_ = !status.ok();
    if (has_failed_) return write_fault_of(status);
    for (const Changes* const part : changes) {
      for (const RemovedSegment& segment : part->removed_segments) give_back_files(segment);
    }
    return {};
  }

  Fault sync() override {
    // To sync a log that could not be written is a bug to the database, and ends the program.
    if (const Fault fault = resume(); !fault.empty()) return fault;
    const rocksdb::Status status = database_->SyncWAL();
    has_failed_ = !status.ok();
    return write_fault_of(status);
  }

  Fault read_rows(const std::function<void(std::string_view, std::string_view)>& take) override {
    const std::unique_ptr<rocksdb::Iterator> at(database_->NewIterator({}, rows()));
    for (at->SeekToFirst(); at->Valid(); at->Next()) take(view_of(at->key()), view_of(at->value()));
    return fault_of(at->status());
  }

  Fault read_messages(std::uint64_t segment, std::uint32_t topic, std::uint64_t q,
                      const TakeMessage& take) override {
    const std::string begin = message_key(segment, topic, 0);
    const std::string end = message_key(segment, topic, std::numeric_limits<std::uint64_t>::max());
    const rocksdb::Slice lower(begin);
    const rocksdb::Slice upper(end);
    rocksdb::ReadOptions how;
    how.iterate_lower_bound = &lower;
    how.iterate_upper_bound = &upper;
    how.fill_cache = false;
    const MakeIterator make = [&] {
      return std::unique_ptr<rocksdb::Iterator>(database_->NewIterator(how, messages()));
    };
    std::string first = message_key(segment, topic, q);
    // The message that holds `q` begins at or before it.
    if (const auto before = make(); true) {
      before->SeekForPrev(first);
      if (before->Valid()) first = before->key().ToString();
    }
    return scan_messages(first, end, make, [&](const MessageKey& key, const MessageView& message) {
      return key.q + message.n <= q || take(key, message);
    });
  }

  Fault read_all_messages(const TakeMessage& take) override {
    rocksdb::ReadOptions how;
    how.fill_cache = false;
    const MakeIterator make = [&] {
      return std::unique_ptr<rocksdb::Iterator>(database_->NewIterator(how, messages()));
    };
    return scan_messages(message_key(1, 0, 0), {}, make, take);
  }

  Fault verify() override { return fault_of(database_->VerifyChecksum()); }

  std::uint64_t changes_count() override { return database_->GetLatestSequenceNumber(); }

  Fault close() override {
    Fault fault = resume();
    if (fault.empty()) fault = fault_of(database_->Flush({}, families_));
    if (fault.empty()) fault = fault_of(database_->SyncWAL());
    const Fault closed = close_database();
    return fault.empty() ? closed : fault;
  }

 private:
  /// A database that could not write refuses everything until it is told to try again.
  [[nodiscard]] Fault resume() {
    if (!has_failed_) return {};
    const rocksdb::Status status = database_->Resume();
    has_failed_ = !status.ok();
    return write_fault_of(status);
  }

  /// Repairing finds out from its files which parts a database has, so each gets one, with a key that stays.
  void create() {
    rocksdb::WriteOptions synced;
    synced.sync = true;
    rocksdb::Status status = database_->Put(synced, messages(), message_key(0, 0, 0), "");
    if (status.ok()) status = database_->Flush({}, messages());
    if (!status.ok()) throw Error("cannot make a store: " + status.ToString());
  }

  [[nodiscard]] rocksdb::ColumnFamilyHandle* rows() const { return families_[0]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* messages() const { return families_[1]; }

  void add(const Changes& changes) {
    for (const MessageToStore& message : changes.messages) {
      const std::string key = message_key(message.segment, message.topic, message.q);
      const std::string head = message_head(message.n, message.at, message.topic_name, message.header.size());
      const rocksdb::Slice key_slice(key);
      const std::array<rocksdb::Slice, 3> parts{slice(head), slice(message.header.to_string_view()),
                                                slice(message.body.to_string_view())};
      batch_.Put(messages(), rocksdb::SliceParts(&key_slice, 1),
                 rocksdb::SliceParts(parts.data(), static_cast<int>(parts.size())));
    }
    for (const auto& [key, value] : changes.rows) batch_.Put(rows(), key, value);
    for (const KeyRange& range : changes.removed_rows) batch_.DeleteRange(rows(), range.begin, range.end);
    for (const RemovedSegment& segment : changes.removed_segments) {
      const KeyRange of_rows = rows_of_segment(segment.number);
      batch_.DeleteRange(rows(), of_rows.begin, of_rows.end);
      const KeyRange of_messages = messages_of_segments(segment.number, segment.number + 1);
      batch_.DeleteRange(messages(), of_messages.begin, of_messages.end);
    }
  }

  /// Files that hold nothing but removed segments go at once, without waiting for the database to tidy up.
  void give_back_files(const RemovedSegment& segment) {
    const KeyRange range = messages_of_segments(segment.gap_begin, segment.gap_end);
    const rocksdb::Slice begin(range.begin);
    const rocksdb::Slice end(range.end);
    static_cast<void>(rocksdb::DeleteFilesInRange(database_.get(), messages(), &begin, &end, false));
  }

  Fault close_database() {
    for (rocksdb::ColumnFamilyHandle* const family : families_) {
      static_cast<void>(database_->DestroyColumnFamilyHandle(family));
    }
    families_.clear();
    const rocksdb::Status status = database_->Close();
    database_.reset();
    return fault_of(status);
  }

  std::unique_ptr<rocksdb::DB> database_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
  rocksdb::WriteBatch batch_;
  bool has_failed_ = false;
};

/// Adds what can be read of a file: its rows to `salvage`, its messages to the database.
void salvage_file(const std::string& path, Salvage& salvage) {
  rocksdb::SstFileReader reader({});
  if (!reader.Open(path).ok()) return;
  const bool holds_messages = reader.GetTableProperties()->column_family_name == messages_name;
  const MakeIterator make = [&] { return std::unique_ptr<rocksdb::Iterator>(reader.NewIterator({})); };
  if (!holds_messages) {
    const auto at = make();
    for (at->SeekToFirst(); at->Valid(); at->Next()) {
      salvage.rows.emplace_back(at->key().ToString(), at->value().ToString());
    }
    return;
  }
  static_cast<void>(
      scan_messages(message_key(1, 0, 0), {}, make, [&](const MessageKey& key, const MessageView& found) {
        Changes changes;
        MessageToStore& message = changes.messages.emplace_back();
        message.segment = key.segment;
        message.topic = key.topic;
        message.q = key.q;
        message.n = found.n;
        message.at = found.at;
        message.topic_name = found.topic_name;
        message.header = zmq::message_t(found.header.data(), found.header.size());
        message.body = zmq::message_t(found.body.data(), found.body.size());
        ++salvage.messages;
        const Database::Fault fault = salvage.database->write({&changes}, false);
        if (!fault.empty()) throw Error("cannot write what " + path + " holds: " + fault);
        return true;
      }));
}

std::vector<std::filesystem::path> tables_in(const std::string& directory) {
  std::vector<std::filesystem::path> tables;
  std::error_code ignored;
  for (const auto& file : std::filesystem::directory_iterator(directory, ignored)) {
    if (file.path().extension() == ".sst") tables.push_back(file.path());
  }
  return tables;
}

/// A log that holds something, of which no file was made.
bool has_log(const std::string& directory) {
  const std::filesystem::directory_iterator files(directory);
  return std::any_of(begin(files), end(files), [](const std::filesystem::directory_entry& file) {
    return file.path().extension() == ".log" && file.file_size() > 0;
  });
}

/// Leaves nothing in the directory of the database, so that one can be made anew, of the files that it moves
/// to `aside`.
void put_aside(const std::string& directory, const std::string& aside) {
  std::filesystem::create_directories(aside);
  for (const std::filesystem::path& table : tables_in(directory)) {
    std::string place = aside + "/" + table.filename().string();
    while (std::filesystem::exists(place)) place.insert(aside.size() + 1, "again-");
    std::filesystem::rename(table, place);
  }
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    const bool is_of_database = file.is_regular_file() && file.path().filename() != "LOCK";
    if (is_of_database) std::filesystem::remove(file.path());
  }
}

}  // namespace

bool has_database() noexcept {
  return true;
}

std::unique_ptr<Database> open_database(const DatabaseOptions& options) {
  return std::make_unique<RocksDatabase>(options);
}

void check_is_not_used(const std::string& directory) {
  rocksdb::FileLock* lock = nullptr;
  if (!rocksdb::Env::Default()->LockFile(directory + "/LOCK", &lock).ok()) throw is_used(directory);
  static_cast<void>(rocksdb::Env::Default()->UnlockFile(lock));
}

Salvage repair_database(const std::string& directory) {
  check_is_not_used(directory);
  DatabaseOptions options;
  options.directory = directory;
  options.may_create = true;
  options.bytes_max = 1024 * mebibyte;
  const std::uint64_t buffer_bytes = 16 * mebibyte;
  const rocksdb::Status repaired =
      rocksdb::RepairDB(directory, database_options(options, buffer_bytes), family_descriptors(buffer_bytes),
                        family_options(buffer_bytes));
  if (!repaired.ok() && (!repaired.IsCorruption() || has_log(directory))) {
    throw Error("cannot repair store " + directory + ": " + repaired.ToString());
  }
  // RocksDB lays all files side by side, and refuses its own work where some had been below others. Then all
  // that it left (it has made files of its log by then) is read file by file, like what it could not read.
  const std::string aside = directory + "/aside";
  if (!repaired.ok()) put_aside(directory, aside);
  Salvage salvage;
  salvage.database = open_database(options);
  for (const std::filesystem::path& table : tables_in(aside)) salvage_file(table.string(), salvage);
  salvage.messages = 0;
  for (const std::filesystem::path& table : tables_in(directory + "/lost")) {
    ++salvage.files;
    salvage_file(table.string(), salvage);
  }
  return salvage;
}

void end_repair(const std::string& directory) {
  std::error_code ignored;
  std::filesystem::remove_all(directory + "/aside", ignored);
}

}  // namespace zevi::broker

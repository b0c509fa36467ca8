#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <limits>

#include "database.hpp"
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
std::string_view view(const rocksdb::Slice& bytes) {
  return {bytes.data(), bytes.size()};
}

std::string fault_of(const rocksdb::Status& status) {
  return status.ok() ? std::string() : status.ToString();
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

Error cannot_open(const std::string& directory, const rocksdb::Status& status) {
  const std::string what = status.ToString();
  if (status.IsIOError() && what.find("LOCK") != std::string::npos) {
    return Error("store " + directory +
                 ": another program uses it; stop that one or choose another directory with --store");
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
    const std::vector<rocksdb::ColumnFamilyDescriptor> families{
        {rocksdb::kDefaultColumnFamilyName, family_options(std::min(buffer_bytes, 16 * mebibyte))},
        {messages_name, family_options(buffer_bytes)}};
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(database_options(options, buffer_bytes),
                                                     options.directory, families, &families_, &opened);
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
    batch_.Clear();
    for (const Changes* const part : changes) add(*part);
    rocksdb::WriteOptions how;
    how.sync = sync;
    const rocksdb::Status status = database_->Write(how, &batch_);
    if (!status.ok()) return status.ToString();
    for (const Changes* const part : changes) {
      for (const RemovedSegment& segment : part->removed_segments) give_back_files(segment);
    }
    return {};
  }

  Fault sync() override { return fault_of(database_->SyncWAL()); }

  Fault read_rows(const std::function<void(std::string_view, std::string_view)>& take) override {
    const std::unique_ptr<rocksdb::Iterator> at(database_->NewIterator({}, rows()));
    for (at->SeekToFirst(); at->Valid(); at->Next()) take(view(at->key()), view(at->value()));
    return fault_of(at->status());
  }

  Fault read_messages(std::uint64_t segment, std::uint32_t topic, std::uint64_t q,
                      const std::function<bool(const MessageKey&, const MessageView&)>& take) override {
    const std::string begin = message_key(segment, topic, 0);
    const std::string end = message_key(segment, topic, std::numeric_limits<std::uint64_t>::max());
    const rocksdb::Slice lower(begin);
    const rocksdb::Slice upper(end);
    rocksdb::ReadOptions how;
    how.iterate_lower_bound = &lower;
    how.iterate_upper_bound = &upper;
    how.fill_cache = false;
    const std::unique_ptr<rocksdb::Iterator> at(database_->NewIterator(how, messages()));
    // The message that holds `q` begins at or before it.
    at->SeekForPrev(message_key(segment, topic, q));
    if (!at->Valid()) at->Seek(message_key(segment, topic, q));
    for (; at->Valid(); at->Next()) {
      MessageKey key;
      MessageView message;
      if (!decode(view(at->key()), key) || !decode(view(at->value()), message)) continue;
      if (key.q + message.n <= q) continue;
      if (!take(key, message)) break;
    }
    return fault_of(at->status());
  }

  std::uint64_t changes_count() override { return database_->GetLatestSequenceNumber(); }

  Fault close() override {
    const rocksdb::Status flushed = database_->Flush({}, families_);
    const rocksdb::Status synced = database_->SyncWAL();
    const Fault closed = close_database();
    if (!flushed.ok()) return flushed.ToString();
    return synced.ok() ? closed : synced.ToString();
  }

 private:
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
};

}  // namespace

bool has_database() noexcept {
  return true;
}

std::unique_ptr<Database> open_database(const DatabaseOptions& options) {
  return std::make_unique<RocksDatabase>(options);
}

}  // namespace zevi::broker

#include "writer.hpp"

#include <pthread.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

namespace zevi::broker {

namespace {

/// One go of the disk: more would only make those wait who wait for it.
constexpr std::uint64_t gulp_bytes = std::uint64_t{2} << 20U;

/// The highest of each publisher.
void merge(std::vector<PublisherMark>& marks) {
  std::unordered_map<std::uint64_t, std::uint64_t> highest;
  for (const PublisherMark& mark : marks) {
    std::uint64_t& s = highest[mark.id];
    s = std::max(s, mark.s);
  }
  marks.clear();
  for (const auto& [id, s] : highest) marks.push_back({id, s});
}

template <typename Value>
void append(std::vector<Value>& to, std::vector<Value>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

StoreWriter::StoreWriter(Database& database, std::function<void()> wake)
    : database_(database), wake_(std::move(wake)), thread_([this] { run(); }) {}

StoreWriter::~StoreWriter() {
  if (thread_.joinable()) static_cast<void>(stop());
}

void StoreWriter::give(Parcel&& parcel) {
  waiting_bytes_ += parcel.bytes;
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(parcel));
  }
  changed_.notify_one();
}

void StoreWriter::take_progress(StoreProgress& progress) {
  const std::lock_guard lock(mutex_);
  std::swap(progress, progress_);
}

bool StoreWriter::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
  return are_all_written_;
}

void StoreWriter::run() {
  pthread_setname_np(pthread_self(), "zevi-store");
  bool goes_on = true;
  while (goes_on) {
    goes_on = take_waiting();
    if (!held_.empty()) write_held(!goes_on);
    const bool is_sync_due = has_unsynced_ && (!goes_on || std::chrono::steady_clock::now() >= next_sync_);
    if (is_sync_due && !is_failing_) sync_written();
  }
  are_all_written_ = held_.empty() && !has_unsynced_;
}

StoreWriter::Time StoreWriter::next_deadline() const noexcept {
  Time deadline = Time::max();
  if (is_failing_) deadline = next_try_;
  if (has_unsynced_ && !is_failing_) deadline = std::min(deadline, next_sync_);
  return deadline;
}

bool StoreWriter::take_waiting() {
  std::unique_lock lock(mutex_);
  const auto has_work = [this] { return is_stopping_ || !waiting_.empty(); };
  const Time deadline = next_deadline();
  if (deadline == Time::max()) {
    changed_.wait(lock, has_work);
  } else {
    changed_.wait_until(lock, deadline, has_work);
  }
  std::uint64_t bytes = 0;
  while (!waiting_.empty() && bytes < gulp_bytes) {
    bytes += waiting_.front().bytes;
    held_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    ++held_count_;
  }
  return !is_stopping_ || !waiting_.empty();
}

void StoreWriter::write_held(bool is_last) {
  if (is_failing_ && !is_last && std::chrono::steady_clock::now() < next_try_) return let_go();
  std::vector<const Changes*> changes;
  bool must_be_synced = false;
  for (const Parcel& parcel : held_) {
    changes.push_back(&parcel.changes);
    must_be_synced |= parcel.must_be_synced;
  }
  const Database::Fault fault = database_.write(changes, must_be_synced);
  if (!fault.empty()) return failed(fault);
  written(must_be_synced);
}

void StoreWriter::written(bool is_synced) {
  StoreProgress progress;
  for (Parcel& parcel : held_) {
    for (const MessageToStore& message : parcel.changes.messages) progress.written_events += message.n;
    append(progress.written, std::move(parcel.marks));
    waiting_bytes_ -= parcel.bytes;
  }
  held_.clear();
  parcels_done_ += std::exchange(held_count_, 0);
  merge(progress.written);
  append(unsynced_, std::vector(progress.written));
  if (is_synced) {
    merge(unsynced_);
    progress.synced = std::exchange(unsynced_, {});
    has_unsynced_ = false;
  } else if (!std::exchange(has_unsynced_, true)) {
    next_sync_ = std::chrono::steady_clock::now() + sync_interval;
  }
  if (is_failing_.exchange(false)) {
    progress.fault.emplace();
    progress.warnings.emplace_back("the store is written again");
  }
  report(std::move(progress));
}

void StoreWriter::sync_written() {
  const Database::Fault fault = database_.sync();
  if (!fault.empty()) {
    // Is tried again with what is written next, if it is nothing.
    held_.emplace_back().must_be_synced = true;
    return failed(fault);
  }
  merge(unsynced_);
  StoreProgress progress;
  progress.synced = std::exchange(unsynced_, {});
  has_unsynced_ = false;
  report(std::move(progress));
}

void StoreWriter::failed(const std::string& fault) {
  next_try_ = std::chrono::steady_clock::now() + retry_interval;
  if (!is_failing_.exchange(true)) {
    StoreProgress progress;
    progress.failures = 1;
    progress.fault = fault;
    progress.warnings.push_back("the store cannot be written, events are kept in memory alone: " + fault);
    report(std::move(progress));
  }
  let_go();
}

void StoreWriter::let_go() {
  StoreProgress progress;
  Parcel all;
  std::map<std::string, std::string> rows;
  for (Parcel& parcel : held_) {
    all.must_be_synced |= parcel.must_be_synced;
    for (MessageToStore& message : parcel.changes.messages) {
      if (message.may_be_left_out) {
        progress.left_out_events += message.n;
        continue;
      }
      all.bytes += message.bytes();
      all.changes.messages.push_back(std::move(message));
    }
    for (auto& [key, value] : parcel.changes.rows) rows.insert_or_assign(std::move(key), std::move(value));
    append(all.changes.removed_rows, std::move(parcel.changes.removed_rows));
    append(all.changes.removed_segments, std::move(parcel.changes.removed_segments));
    append(all.marks, std::move(parcel.marks));
    waiting_bytes_ -= parcel.bytes;
  }
  merge(all.marks);
  for (auto& row : rows) all.changes.rows.emplace_back(row.first, std::move(row.second));
  waiting_bytes_ += all.bytes;
  held_.clear();
  held_.push_back(std::move(all));
  if (progress.left_out_events > 0) report(std::move(progress));
}

void StoreWriter::report(StoreProgress&& progress) {
  if (progress.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    append(progress_.written, std::move(progress.written));
    append(progress_.synced, std::move(progress.synced));
    progress_.written_events += progress.written_events;
    progress_.left_out_events += progress.left_out_events;
    progress_.failures += progress.failures;
    if (progress.fault) progress_.fault = std::move(progress.fault);
    append(progress_.warnings, std::move(progress.warnings));
  }
  wake_();
}

}  // namespace zevi::broker

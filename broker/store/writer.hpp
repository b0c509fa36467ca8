#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "changes.hpp"
#include "database.hpp"

namespace zevi::broker {

/// All batches of a publisher up to `s`.
struct PublisherMark {
  std::uint64_t id = 0;
  std::uint64_t s = 0;
};

/// What the routing thread gives away at the end of a round. When it is written, so are the batches that its
/// marks name.
struct Parcel {
  Changes changes;
  std::vector<PublisherMark> marks;
  bool must_be_synced = false;  ///< somebody waits for that
  std::uint64_t bytes = 0;      ///< of its messages
};

/// What became of parcels since the last look.
struct StoreProgress {
  std::vector<PublisherMark> written;
  std::vector<PublisherMark> synced;
  std::uint64_t written_events = 0;
  std::uint64_t left_out_events = 0;
  std::uint64_t failures = 0;  ///< times that the disk began to fail
  /// Why the disk fails now, empty if it does no longer; nothing if that is as before.
  std::optional<std::string> fault;
  std::vector<std::string> warnings;

  void clear() { *this = {}; }
  [[nodiscard]] bool empty() const noexcept {
    return written.empty() && synced.empty() && written_events == 0 && left_out_events == 0 &&
           failures == 0 && !fault && warnings.empty();
  }
};

/// Writes parcels to the database on a thread of its own, all that wait in one go: the slower the disk, the
/// larger the gulps.
///
/// The routing thread gives parcels and looks at the progress; either takes a lock for the time of a move,
/// never for that of a write. What waits here is bounded by the caller, who looks at `waiting_bytes`: it
/// stops giving messages that may be left out, and what it must give is bounded by the publishers' windows,
/// since nothing of it is acknowledged.
///
/// When the database cannot write, messages that may be left out are let go, everything else is kept and
/// tried again every second.
class StoreWriter {
 public:
  static constexpr std::chrono::milliseconds retry_interval{1000};
  /// What was written is on the disk so much later at the latest, even if nobody waits for it.
  static constexpr std::chrono::milliseconds sync_interval{1000};

  /// `wake` is called from the thread when there is progress.
  StoreWriter(Database& database, std::function<void()> wake);
  ~StoreWriter();
  StoreWriter(const StoreWriter&) = delete;
  StoreWriter& operator=(const StoreWriter&) = delete;

  void give(Parcel&& parcel);
  /// Moves what there is into `progress`, which is empty.
  void take_progress(StoreProgress& progress);
  /// Writes and syncs what was given and ends the thread. False if the disk did not take all of it.
  [[nodiscard]] bool stop();

  [[nodiscard]] std::uint64_t waiting_bytes() const noexcept { return waiting_bytes_.load(); }
  [[nodiscard]] bool is_failing() const noexcept { return is_failing_.load(); }
  /// How many parcels were dealt with, in the order in which they were given.
  [[nodiscard]] std::uint64_t parcels_done() const noexcept { return parcels_done_.load(); }

 private:
  using Time = std::chrono::steady_clock::time_point;

  void run();
  /// Waits for work, and takes it. False at the end.
  bool take_waiting();
  [[nodiscard]] Time next_deadline() const noexcept;
  void write_held(bool is_last);
  void sync_written();
  void written(bool is_synced);
  void failed(const std::string& fault);
  /// Puts what is held into one parcel without what may be left out.
  void let_go();
  void report(StoreProgress&& progress);

  Database& database_;
  const std::function<void()> wake_;

  // Shared, under the lock.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Parcel> waiting_;
  StoreProgress progress_;
  bool is_stopping_ = false;

  std::atomic<std::uint64_t> waiting_bytes_{0};
  std::atomic<bool> is_failing_{false};
  std::atomic<std::uint64_t> parcels_done_{0};

  // The thread's own.
  std::vector<Parcel> held_;
  std::uint64_t held_count_ = 0;         ///< parcels in it, those put together counted
  std::vector<PublisherMark> unsynced_;  ///< written
  bool has_unsynced_ = false;
  Time next_sync_{};
  Time next_try_{};
  bool are_all_written_ = true;

  std::thread thread_;
};

}  // namespace zevi::broker

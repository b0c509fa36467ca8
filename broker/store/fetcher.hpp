#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "database.hpp"
#include "replay/replay_source.hpp"

namespace zevi::broker {

/// Messages to be read: of one topic in one segment, from number `q` on.
struct FetchOrder {
  const Topic* topic = nullptr;  ///< for whoever ordered
  std::uint64_t segment = 0;
  std::uint32_t topic_number = 0;
  std::uint64_t q = 0;
  std::uint64_t end_q = 0;             ///< the segment has no number of the topic from here on
  std::optional<std::uint64_t> since;  /// from the first one that was taken in then or later, instead of `q`
  std::uint64_t bytes_max = 0;         ///< at least one message is read
  bool needs_oldest = false;           ///< the time of each message's oldest event is wanted
  std::uint64_t after_parcel = 0;      ///< to be read when so many are written
};

struct FetchedMessage {
  StoredMessage message;
  std::int64_t oldest_ns = 0;
};

/// What was read: all messages that hold numbers from `order.q` to below `end_q`.
struct Fetched {
  FetchOrder order;
  std::vector<FetchedMessage> messages;
  std::uint64_t end_q = 0;
  std::uint64_t bytes = 0;
  std::string fault;
};

/// Reads messages from the database on a thread of its own, so that nobody else waits for the disk.
class StoreFetcher {
 public:
  /// `parcels_done` says how far the writer is. `wake` is called from the thread when something was read.
  StoreFetcher(Database& database, std::function<std::uint64_t()> parcels_done, std::function<void()> wake);
  ~StoreFetcher();
  StoreFetcher(const StoreFetcher&) = delete;
  StoreFetcher& operator=(const StoreFetcher&) = delete;

  void order(FetchOrder&& order);
  /// Moves what was read into `fetched`, which is empty.
  void take(std::vector<Fetched>& fetched);

 private:
  void run();
  void wait_until_written(std::uint64_t parcel);
  [[nodiscard]] Fetched read(const FetchOrder& order);

  Database& database_;
  const std::function<std::uint64_t()> parcels_done_;
  const std::function<void()> wake_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<FetchOrder> orders_;
  std::vector<Fetched> fetched_;
  std::atomic<bool> is_stopping_{false};

  std::thread thread_;
};

}  // namespace zevi::broker

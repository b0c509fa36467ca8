#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "database.hpp"
#include "ended_epochs.hpp"
#include "fetcher.hpp"
#include "ingress/publisher_registry.hpp"
#include "metrics/counters.hpp"
#include "sequencing/sequencer.hpp"
#include "store_directory.hpp"
#include "store_health.hpp"
#include "store_index.hpp"
#include "stored_state.hpp"
#include "topics/topic_registry.hpp"
#include "writer.hpp"

namespace zevi::broker {

/// What is kept on the disk of what was sent, and with it what the broker must know to go on after it was
/// stopped or killed: the numbers of topics and publishers, which it writes together with the messages that
/// they belong to.
///
/// Belongs to the routing thread, which decides everything here and never waits: two threads of the store do
/// what it says, one writes, one reads.
class Store : public MessageSink {
 public:
  /// Opens the directory and leaves it as it is until `begin`. `wake` is called from any thread when there is
  /// progress. Throws `zevi::Error`.
  Store(const BrokerOptions& options, Counters& counters, std::function<void()> wake);
  ~Store() override;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// The epoch to number in: the one before if it was closed, else a new one.
  [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }
  /// Begins the epoch, and makes the topics and publishers that an earlier broker knew. Once, before anything
  /// is taken, and when nothing else can keep the broker from starting: a store that was begun and not closed
  /// is one whose broker was killed. Throws `zevi::Error` if nothing can be written.
  void begin(TopicRegistry& topics, PublisherRegistry& publishers, const Now& now);

  void take(SequencedMessage& message) override;

  /// Gives what was taken in this round to the writer. `taken` are the publishers whose `last_s` has moved.
  void hand_over(const Sequencer& sequencer, const std::vector<Publisher*>& taken,
                 const PublisherRegistry& publishers, const Now& now);
  /// The publisher will not be known any more.
  void forget(std::uint64_t publisher_id);

  /// What was reached since the last call, for the publishers to be told; logs and counts the rest.
  void take_progress(StoreProgress& progress);

  /// Writes what is left and everything that a clean start needs. Nothing may be taken any more.
  void close(const TopicRegistry& topics, const PublisherRegistry& publishers);

  /// Of messages that are on their way to the disk.
  [[nodiscard]] std::uint64_t waiting_bytes() const noexcept { return writer_->waiting_bytes(); }
  /// As of the last `take_progress`.
  [[nodiscard]] const StoreHealth& health() const noexcept { return health_; }
  [[nodiscard]] const StoreIndex& index() const noexcept { return index_; }
  [[nodiscard]] StoreFetcher& fetcher() noexcept { return *fetcher_; }
  [[nodiscard]] const EndedEpochs& ended() const noexcept { return ended_; }
  /// What is handed over next is so many parcels behind the first.
  [[nodiscard]] std::uint64_t parcels_given() const noexcept { return parcels_given_; }

 private:
  /// What was taken in of some publishers, when the sequencer had accepted so many pieces.
  struct PendingMarks {
    std::uint64_t pieces = 0;
    std::vector<std::pair<std::shared_ptr<const PublisherName>, std::uint64_t>> publishers;
  };
  struct NumbersKey {
    std::uint64_t publisher = 0;
    const StoreIndex::TopicEntry* topic = nullptr;
    bool operator==(const NumbersKey&) const = default;
  };
  struct NumbersHash {
    std::size_t operator()(const NumbersKey& key) const noexcept {
      return std::hash<std::uint64_t>{}(key.publisher) ^ (std::hash<const void*>{}(key.topic) << 1U);
    }
  };

  void begin_epoch();
  void restore(TopicRegistry& topics, PublisherRegistry& publishers, const Now& now);
  [[nodiscard]] EndedRow ended_row() const;
  void touch(StoreIndex::TopicEntry& entry);
  void add_marks(const PendingMarks& pending);
  void add_rows(const PublisherRegistry& publishers);
  void add_range_rows(StoreIndex::TopicEntry& entry);
  void trim(const Now& now);
  void give();
  void take_health(const StoreProgress& progress);

  const std::function<void(LogLevel, std::string_view)> log_;
  Counters& counters_;
  StoreDirectory directory_;
  StoreIndex index_;
  std::unique_ptr<Database> database_;
  StoredState before_;  ///< until it is restored
  bool was_closed_ = false;
  std::uint64_t epoch_ = 0;
  EndedEpochs ended_;
  StoreHealth health_;
  std::uint64_t left_out_before_ = 0;  ///< it was degraded

  Parcel parcel_;
  std::vector<StoreIndex::TopicEntry*> touched_;
  std::unordered_map<NumbersKey, std::uint64_t, NumbersHash> next_p_;
  std::deque<PendingMarks> pending_;
  std::unordered_set<std::uint64_t> wait_for_sync_;  ///< publishers with a batch in this parcel or an earlier
  std::uint64_t parcels_given_ = 0;

  std::unique_ptr<StoreWriter> writer_;
  std::unique_ptr<StoreFetcher> fetcher_;
};

}  // namespace zevi::broker

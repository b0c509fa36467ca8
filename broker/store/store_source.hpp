#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fetcher.hpp"
#include "history/history.hpp"
#include "replay/replay_source.hpp"
#include "store.hpp"

namespace zevi::broker {

/// Finds in memory what memory holds, and what it holds no longer on the disk. What is read from there comes
/// in blocks, each topic's next one being read while the last one is sent. Belongs to the routing thread.
class StoreSource : public ReplaySource {
 public:
  /// Of blocks that were read, and of those that nobody has looked at yet.
  static constexpr std::uint64_t bytes_max = std::uint64_t{64} << 20U;

  StoreSource(History& history, Store& store) : history_(history), store_(store) {}

  [[nodiscard]] Found find(const Topic& topic, std::uint64_t q, std::uint64_t now_ns) override;
  [[nodiscard]] Found find_since(const Topic& topic, std::uint64_t at, std::uint64_t now_ns) override;
  [[nodiscard]] const EndedEpoch* ended(std::uint64_t epoch) const override {
    return store_.ended().find(epoch);
  }

  /// Takes what was read. Messages that were found before are not good any more. False if there is nothing
  /// new.
  bool take_fetched(std::uint64_t now_ns);
  /// What the disk could not give, in words, since the last call.
  [[nodiscard]] std::vector<std::string> take_faults() { return std::exchange(faults_, {}); }

 private:
  struct Block {
    Fetched fetched;
    bool is_here = false;
    bool is_looked_at = false;
    std::uint64_t last_use_ns = 0;
  };
  using Blocks = std::vector<std::unique_ptr<Block>>;
  using Entry = StoreIndex::TopicEntry;
  using Range = StoreIndex::Range;

  /// The block that holds number `q` of a range; null if it must be read first.
  [[nodiscard]] Block* block_at(const Entry& entry, const Range& range, std::uint64_t q,
                                std::uint64_t now_ns);
  [[nodiscard]] Block* block_since(const Entry& entry, const Range& range, std::uint64_t at,
                                   std::uint64_t now_ns);
  void order(const Range& range, FetchOrder&& order, std::uint64_t now_ns);
  void look_at(Block& block, std::uint64_t now_ns);
  /// The first message of the block that holds `q` or a higher number and may be given.
  [[nodiscard]] static StoredMessage* message_in(Block& block, const Entry& entry, std::uint64_t q,
                                                 std::uint64_t now_ns);
  /// Orders what comes behind a block, if it is below `end_q`.
  void read_ahead(const Entry& entry, std::uint64_t q, std::uint64_t end_q, std::uint64_t now_ns);
  void make_room(std::uint64_t now_ns);
  void forget(Blocks& blocks, std::size_t index);

  History& history_;
  Store& store_;
  std::unordered_map<const Topic*, Blocks> blocks_;
  std::uint64_t bytes_ = 0;           ///< of all that are here
  std::uint64_t expected_bytes_ = 0;  ///< of those that are not, and those that nobody has looked at
  std::uint64_t next_sweep_ns_ = 0;
  std::vector<std::string> faults_;
};

}  // namespace zevi::broker

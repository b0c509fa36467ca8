#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "egress/egress.hpp"
#include "history/history.hpp"
#include "ingress/publisher_registry.hpp"
#include "loss_ledger.hpp"
#include "memory/memory_guard.hpp"
#include "metrics/counters.hpp"
#include "metrics/recent.hpp"
#include "runtime/clock.hpp"
#include "security/access_list.hpp"
#include "store/store.hpp"
#include "topics/interest_table.hpp"
#include "topics/topic_registry.hpp"

namespace zevi::broker {

/// What the broker is and does not change while it runs.
struct Identity {
  std::uint64_t epoch = 0;
  std::uint64_t started_ns = 0;
  SteadyTime started;
  std::string runtime_dir;
  struct Named {
    std::string name;
    std::string value;
  };
  std::vector<Named> endpoints;
  struct AtRoute {
    std::string prefix;
    std::string endpoint;
    std::string_view format;
    bool also = false;
  };
  std::vector<AtRoute> routes;
  std::vector<Named> options;
};

/// What there is to tell of.
struct Sources {
  const TopicRegistry& topics;
  const PublisherRegistry& publishers;
  const InterestTable& interest;
  const Egress& egress;
  const History& history;
  const Store* store;         ///< null: none
  const MemoryGuard* memory;  ///< null: there is no limit
  const Counters& counters;
  const Recent& recent;
  const LossLedger& ledger;
};

/// A list as it is made, a slice in each round of the routing thread.
class Rows {
 public:
  /// The longest that a slice may take, looked at after every few rows.
  static constexpr std::chrono::milliseconds slice_time{1};

  explicit Rows(std::size_t rows_max, Permission permission = {true, {}})
      : rows_max_(rows_max), permission_(std::move(permission)) {}

  /// Whether who asked may know of this topic.
  [[nodiscard]] bool may_show(std::string_view topic) const noexcept { return permission_.covers(topic); }

  void begin_slice() { slice_end_ = std::chrono::steady_clock::now() + slice_time; }
  /// No more rows in this slice.
  [[nodiscard]] bool slice_is_full() const {
    return is_full() || (count_ % rows_between_looks == 0 && count_ != slice_begin_ &&
                         std::chrono::steady_clock::now() >= slice_end_);
  }
  void end_slice() noexcept { slice_begin_ = count_; }
  /// No more rows in this answer.
  [[nodiscard]] bool is_full() const noexcept { return count_ >= rows_max_ || bytes_.size() > bytes_max; }

  /// To append the next row to.
  [[nodiscard]] std::string& next() {
    ++count_;
    return bytes_;
  }
  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  static constexpr std::size_t rows_between_looks = 16;
  /// So that with the largest row and its head an answer stays within its limit.
  static constexpr std::size_t bytes_max = limits::control_answer_bytes_max - 128 * 1024;

  std::size_t rows_max_;
  Permission permission_;
  std::size_t count_ = 0;
  std::size_t slice_begin_ = 0;
  SteadyTime slice_end_{};
  std::string bytes_;
};

/// Each appends the rows from the key `from` on and gives the key of the first that is left, or nothing at
/// the end of the list. Keys stay good when the list changes between two slices.
using List = std::optional<std::string> (*)(Rows& rows, const Sources& sources, const Identity& identity,
                                            std::string_view from, const Now& now);

/// The key of a list that goes by numbers. What is no number begins at the first.
[[nodiscard]] std::uint64_t number_of_key(std::string_view key) noexcept;

std::optional<std::string> list_stats(Rows& rows, const Sources& sources, const Identity& identity,
                                      std::string_view from, const Now& now);
std::optional<std::string> list_counters(Rows& rows, const Sources& sources, const Identity& identity,
                                         std::string_view from, const Now& now);
std::optional<std::string> list_config(Rows& rows, const Sources& sources, const Identity& identity,
                                       std::string_view from, const Now& now);
std::optional<std::string> list_topics(Rows& rows, const Sources& sources, const Identity& identity,
                                       std::string_view from, const Now& now);
std::optional<std::string> list_publishers(Rows& rows, const Sources& sources, const Identity& identity,
                                           std::string_view from, const Now& now);
std::optional<std::string> list_subscriptions(Rows& rows, const Sources& sources, const Identity& identity,
                                              std::string_view from, const Now& now);
std::optional<std::string> list_readers(Rows& rows, const Sources& sources, const Identity& identity,
                                        std::string_view from, const Now& now);
std::optional<std::string> list_losses(Rows& rows, const Sources& sources, const Identity& identity,
                                       std::string_view from, const Now& now);

}  // namespace zevi::broker

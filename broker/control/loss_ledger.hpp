#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>

#include "runtime/string_map.hpp"
#include "topics/topic.hpp"

namespace zevi::broker {

/// Who lost how many events of which topic, at which stage, and when last. The sums are elsewhere; these are
/// the names behind them. Holds the accounts that grew last, at most `accounts_max`.
///
/// Belongs to the routing thread.
class LossLedger {
 public:
  static constexpr std::size_t accounts_max = 4096;

  enum class Stage : std::uint8_t { dropped, invalid, expired, reader };

  struct Account {
    std::uint64_t number = 0;  ///< of this account; later ones have higher numbers
    Stage stage = Stage::dropped;
    std::uint64_t id = 0;  ///< of the publisher; 0 for a reader
    std::string src{};
    std::uint64_t pid = 0;
    std::string host{};
    std::string topic{};        ///< empty: what the publisher named is no topic
    std::uint64_t events = 0;   ///< since this account was opened
    std::uint64_t evicted = 0;  ///< of them, those that the history held no longer when the reader told
    std::uint64_t last_ns = 0;
    std::string reason{};  ///< why the last of them were refused
  };

  /// What is added from now on is lost at this time.
  void set_time(std::uint64_t realtime_ns) noexcept { now_ns_ = realtime_ns; }

  void add(Stage stage, const PublisherName& publisher, std::string_view topic, std::uint64_t events,
           std::string_view reason = {});
  /// What a reader says of itself and of what it lost.
  void add_of_reader(std::string_view src, std::uint64_t pid, std::string_view topic, std::uint64_t events,
                     std::uint64_t evicted);

  [[nodiscard]] const std::map<std::uint64_t, std::list<Account>::iterator>& by_number() const noexcept {
    return by_number_;
  }

 private:
  [[nodiscard]] static std::string key_of(const Account& account);
  /// The one for the same losses, under the name that is given; it is begun if there is none yet.
  Account& account(Account given);
  void forget_oldest();

  std::uint64_t now_ns_ = 0;
  std::uint64_t last_number_ = 0;
  std::list<Account> accounts_;  ///< the one that grew last in front
  std::map<std::uint64_t, std::list<Account>::iterator> by_number_;
  StringMap<std::list<Account>::iterator> by_key_;
};

[[nodiscard]] std::string_view name_of(LossLedger::Stage stage) noexcept;

}  // namespace zevi::broker

#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "../bridge.hpp"

namespace zevi::bridges {

/// The messages that are on their way to RabbitMQ, by the numbers that it counts those of a channel with.
///
/// It confirms them in any order, but when it does not take one, that has to come again with all behind it,
/// also those that it did take. So a message is done with when all before it are.
class Confirms {
 public:
  struct Entry {
    const Outgoing* message = nullptr;
    bool is_returned = false;   ///< no queue takes it
    bool is_confirmed = false;  ///< with all before it, when it has been taken out
  };

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  void clear() noexcept;
  /// It was sent, behind all others.
  void add(const Outgoing& message);
  /// RabbitMQ has given back the message with this id, which comes before it confirms it.
  void note_returned(std::string_view id);
  /// RabbitMQ confirms the one with this number, or all up to it, and with 0 all that there are; numbers that
  /// it was given none of are nothing. Takes out those that are done with.
  [[nodiscard]] std::vector<Entry> confirm(std::uint64_t number, bool is_multiple);

 private:
  [[nodiscard]] std::uint64_t last() const noexcept { return first_ + entries_.size() - 1; }

  std::deque<Entry> entries_;
  std::uint64_t first_ = 1;     // number of the first entry
  std::uint64_t returned_ = 0;  // of the last one that came back: they do in order
};

}  // namespace zevi::bridges

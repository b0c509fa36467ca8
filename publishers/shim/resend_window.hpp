#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "zevi/wire/broker_messages.hpp"

namespace zevi::shim {

/// A batch as it is sent, and sent again, byte for byte.
struct Batch {
  std::uint16_t topic = 0;
  std::uint32_t events = 0;
  bool was_rejected = false;
  zmq::message_t header;
  zmq::message_t body;

  /// What it counts for in the window: small batches cost their bookkeeping too.
  [[nodiscard]] std::size_t charge() const noexcept {
    return header.size() + body.size() + bookkeeping_bytes;
  }
  static constexpr std::size_t bookkeeping_bytes = 256;
};

/// Which level of acknowledgement each topic waits for, as the broker's welcome says.
class AckLevels {
 public:
  AckLevels() = default;
  explicit AckLevels(const std::vector<wire::PrefixLevel>& levels);
  [[nodiscard]] wire::AckLevel of(std::string_view topic) const noexcept;

 private:
  std::vector<std::pair<std::string, wire::AckLevel>> longest_first_;
};

/// All batches that the broker has not acknowledged, in the order of their numbers, which have no gaps. A
/// batch is released when it and every one before it are acknowledged, so that what is sent again after a
/// reconnect has no gaps either. The flusher's alone.
class ResendWindow {
 public:
  /// The number of the oldest batch, or of the next one if there is none.
  [[nodiscard]] std::uint64_t first() const noexcept { return first_; }
  /// The number that the next batch gets.
  [[nodiscard]] std::uint64_t next() const noexcept { return first_ + batches_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// Takes in batch number `next()`.
  void push(Batch batch);
  /// `s` is one of `first()` to `next() - 1`.
  [[nodiscard]] Batch& at(std::uint64_t s) noexcept { return batches_[s - first_]; }
  /// Takes out the oldest batch.
  [[nodiscard]] Batch pop();

 private:
  std::deque<Batch> batches_;
  std::uint64_t first_ = 1;
  std::size_t bytes_ = 0;
};

}  // namespace zevi::shim

#pragma once

#include <cstdint>
#include <zmq.hpp>

#include "topics/topic.hpp"

namespace zevi::broker {

/// A message as it left on `stream`, kept to be sent again.
struct StoredMessage {
  std::uint64_t q = 0;
  std::uint32_t n = 0;
  std::uint64_t at = 0;
  zmq::message_t header;  ///< both shared by reference count
  zmq::message_t body;

  [[nodiscard]] std::uint64_t end_q() const noexcept { return q + n; }
};

/// What a search gave.
class Found {
 public:
  /// The message; null: there is none.
  Found(StoredMessage* message) noexcept : message_(message) {}
  /// It is being read from the disk: ask again.
  [[nodiscard]] static Found coming() noexcept {
    Found found(nullptr);
    found.is_coming_ = true;
    return found;
  }

  [[nodiscard]] bool is_coming() const noexcept { return is_coming_; }
  [[nodiscard]] StoredMessage* message() const noexcept { return message_; }

 private:
  StoredMessage* message_;
  bool is_coming_ = false;
};

/// What answers to readers are made of. Of each topic, messages are found in the order of their numbers. A
/// message is good until something is kept or given up, so it is looked for anew in every round.
class ReplaySource {
 public:
  virtual ~ReplaySource() = default;

  /// The message of `topic` that holds number `q`, or else the next one that is held behind it; null if there
  /// is none. What must not be given to readers any more at `now_ns`, realtime, is passed over.
  [[nodiscard]] virtual Found find(const Topic& topic, std::uint64_t q, std::uint64_t now_ns) = 0;

  /// The first message of `topic` that the broker took in at `at` or later.
  [[nodiscard]] virtual Found find_since(const Topic& topic, std::uint64_t at, std::uint64_t now_ns) = 0;

  /// An epoch that ended without a word, and is remembered.
  class EndedEpoch {
   public:
    virtual ~EndedEpoch() = default;
    /// The last number of it that `topic` had; 0 for none.
    [[nodiscard]] virtual std::uint64_t last_q(const Topic& topic) const = 0;
  };
  /// Null for one that is not known. It stays as it is.
  [[nodiscard]] virtual const EndedEpoch* ended(std::uint64_t /*epoch*/) const { return nullptr; }
};

}  // namespace zevi::broker

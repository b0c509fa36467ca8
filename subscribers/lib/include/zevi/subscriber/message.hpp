#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "zevi/subscriber/event.hpp"
#include "zevi/subscriber/export.hpp"

namespace zevi {

namespace subscriber {
class Delivery;
}

/// Events between the broker and this subscriber that will not come: the subscriber was slower than its
/// queue is long, or not connected, and the broker's history holds them no more. It stands where the events
/// are missing.
struct Gap {
  std::string_view topic;
  std::uint64_t q_from = 0;  ///< the first one that is missing
  std::uint64_t q_to = 0;    ///< the last one
  [[nodiscard]] std::uint64_t count() const noexcept { return q_to - q_from + 1; }
};

/// Events that never reached the broker: a publisher's ring was full, or it was killed. They have no `q`.
struct LostBefore {
  std::string_view topic;
  std::uint64_t count = 0;
};

/// Events that an earlier broker had taken and that were lost with it, or that their publisher dropped while
/// there was no broker. They are told by the publisher's own numbers, in front of its first event behind the
/// restart.
struct LostWithBroker {
  std::string_view topic;
  std::uint64_t id = 0;      ///< the publisher
  std::uint64_t p_from = 0;  ///< the first one that is missing
  std::uint64_t p_to = 0;    ///< the last one
  [[nodiscard]] std::uint64_t count() const noexcept { return p_to - p_from + 1; }
};

/// The broker was started with an empty history, or after a crash: numbering begins anew. What the new broker
/// has in its history is read from there, from the first number on; without a history the first `q` of a
/// topic behind this mark is taken as it is.
struct EpochChanged {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
};

/// What was asked for of the broker's history at the start was not to be had; reading goes on with what is
/// live.
struct HistoryMissing {
  std::string_view reason;  ///< in words
};

/// What a subscriber reads: an event, or a mark that tells what is missing at this place. Exactly one of the
/// functions for them gives a pointer.
class Message {
 public:
  using Content = std::variant<Event, Gap, LostBefore, LostWithBroker, EpochChanged, HistoryMissing>;

  Message() = default;
  explicit Message(const Content& content) : content_(content) {}

  [[nodiscard]] const Event* event() const noexcept { return std::get_if<Event>(&content_); }
  [[nodiscard]] const Gap* gap() const noexcept { return std::get_if<Gap>(&content_); }
  [[nodiscard]] const LostBefore* lost_before() const noexcept { return std::get_if<LostBefore>(&content_); }
  [[nodiscard]] const LostWithBroker* lost_with_broker() const noexcept {
    return std::get_if<LostWithBroker>(&content_);
  }
  [[nodiscard]] const EpochChanged* epoch_changed() const noexcept {
    return std::get_if<EpochChanged>(&content_);
  }
  [[nodiscard]] const HistoryMissing* history_missing() const noexcept {
    return std::get_if<HistoryMissing>(&content_);
  }
  /// For `std::visit`.
  [[nodiscard]] const Content& content() const noexcept { return content_; }

 private:
  friend class subscriber::Delivery;
  /// The event that this is made to be, so that thousands in a row are not each copied into place.
  Event& event_in_place() noexcept {
    Event* const event = std::get_if<Event>(&content_);
    return event != nullptr ? *event : content_.emplace<Event>();
  }

  Content content_;
};

/// The message in words for a log line: `lost 12 events of E_CORE_LOG (q 5..16)`.
[[nodiscard]] ZEVI_SUBSCRIBER_API std::string describe(const Message& message);

}  // namespace zevi

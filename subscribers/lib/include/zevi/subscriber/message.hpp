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
/// queue is long, or not connected. It stands where the events are missing.
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

/// The broker was started with an empty history, or after a crash: numbering begins anew. The first `q` of a
/// topic behind this mark is taken as it is, so events that came and went while the subscriber was not
/// connected to the new broker are in no `Gap`; this mark is what tells of them.
struct EpochChanged {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
};

/// What a subscriber reads: an event, or a mark that tells what is missing at this place. Exactly one of the
/// four functions gives a pointer.
class Message {
 public:
  using Content = std::variant<Event, Gap, LostBefore, EpochChanged>;

  Message() = default;
  explicit Message(const Content& content) : content_(content) {}

  [[nodiscard]] const Event* event() const noexcept { return std::get_if<Event>(&content_); }
  [[nodiscard]] const Gap* gap() const noexcept { return std::get_if<Gap>(&content_); }
  [[nodiscard]] const LostBefore* lost_before() const noexcept { return std::get_if<LostBefore>(&content_); }
  [[nodiscard]] const EpochChanged* epoch_changed() const noexcept {
    return std::get_if<EpochChanged>(&content_);
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

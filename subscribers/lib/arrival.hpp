#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "frames.hpp"
#include "zevi/subscriber.hpp"
#include "zevi/wire/body.hpp"
#include "zevi/wire/subscriber_messages.hpp"

namespace zevi::subscriber {

/// One message of events, checked through and through: from either feed it comes out as a header with runs
/// and as entries to walk. Owns the frames that all views point into.
class Arrival {
 public:
  Arrival() = default;
  Arrival(const Arrival&) = delete;
  Arrival& operator=(const Arrival&) = delete;

  /// False if the frames are not what `feed` sends; nothing can be read then.
  [[nodiscard]] bool open(Frames&& frames, Feed feed);

  /// Gives the frames back; nothing can be read then.
  [[nodiscard]] Frames release() noexcept;

  [[nodiscard]] std::string_view topic() const noexcept { return topic_; }
  [[nodiscard]] const wire::StreamHeader& header() const noexcept { return header_; }
  /// The next entry, null behind the last.
  [[nodiscard]] const wire::EntryPlace* next() noexcept {
    return next_ < places_.size() ? &places_[next_++] : nullptr;
  }
  [[nodiscard]] std::string_view params(const wire::EntryPlace& place) const noexcept {
    return place.params(body_);
  }

 private:
  [[nodiscard]] bool open_stream();
  [[nodiscard]] bool open_events();

  Frames frames_;
  std::string_view topic_;
  wire::StreamHeader header_;
  std::string_view body_;
  std::vector<wire::EntryPlace> places_;
  std::size_t next_ = 0;
};

}  // namespace zevi::subscriber

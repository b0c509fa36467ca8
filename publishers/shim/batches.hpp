#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "body_buffer.hpp"
#include "resend_window.hpp"
#include "topics.hpp"
#include "zevi/wire/publisher_messages.hpp"

namespace zevi::shim {

/// Groups events by topic into batches, numbers them, and puts finished batches into the resend window.
///
/// An event's number in its topic, `p`, counts the drops too: a batch's events have numbers without gaps, so
/// a drop ends the open batch of its topic, and the next one begins behind the dropped numbers. The flusher's
/// alone.
class Batches {
 public:
  /// `origin` is of all events, empty if they are the publisher's own; it outlives this.
  Batches(const Topics& topics, ResendWindow& window, std::string_view origin) noexcept
      : topics_(topics), window_(window), origin_(origin) {}

  /// Gives the next number to an event.
  void append(std::size_t topic, std::string_view entry);
  /// Gives the next numbers to dropped events.
  void append_drops(std::size_t topic, std::uint64_t dropped);
  /// Finishes all open batches.
  void close_all();

  /// What is in open batches.
  [[nodiscard]] std::size_t open_bytes() const noexcept { return open_bytes_; }

  /// Topics whose drops have changed since this was last asked, and how many they have had. Views are into
  /// topics.
  [[nodiscard]] std::vector<wire::TopicCount> changed_drops();
  /// Lets `changed_drops` give every topic with drops again: the broker may be another one.
  void report_all_drops() noexcept;

 private:
  struct Stream {
    const Topic* topic = nullptr;
    std::uint64_t next_p = 1;
    std::uint64_t dropped = 0;           ///< how many numbers up to `next_p` are drops
    std::uint64_t dropped_reported = 0;  ///< of these, how many a beat has told the broker
    std::uint32_t count = 0;             ///< events in the open batch
    BodyBuffer body;
  };

  [[nodiscard]] Stream& stream_of(std::size_t topic);
  void close(Stream& stream);

  const Topics& topics_;
  ResendWindow& window_;
  const std::string_view origin_;
  std::vector<std::unique_ptr<Stream>> streams_;  ///< by index of topic
  std::vector<Stream*> open_;
  std::size_t open_bytes_ = 0;
  std::string header_;
};

}  // namespace zevi::shim

#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "zevi/error.hpp"
#include "zevi/publisher.h"

/// Publishing events from a C++20 worker: a thin, header-only layer over `zevi/publisher.h`, whose rules
/// about threads, forks and losses hold here too. Opening throws `zevi::Error`; nothing else throws, except
/// where said.
///
///     zevi::Publisher publisher;
///     auto slow = publisher.topic<zevi::E_CORE_THRESHOLD>();  // of zevi/events.hpp
///     slow.publish({.source = "dns", .time = 250000, .extra = "example.org"});
///
///     auto calls = publisher.topic("E_MY_CALLS");
///     calls.event().put("caller", "alice").put("seconds", 12).commit();
///
///     publisher.flush(std::chrono::seconds(1));  // what is not acknowledged when a process ends can be lost
namespace zevi {

/// What became of an event or a flush: `Status::ok`, or the reason in words with `text`.
enum class Status : int {
  ok = ZEVI_OK,
  unwanted = ZEVI_UNWANTED,
  ring_full = ZEVI_RING_FULL,
  too_large = ZEVI_TOO_LARGE,
  invalid = ZEVI_INVALID,
  forked = ZEVI_FORKED,
  timeout = ZEVI_TIMEOUT,
  no_memory = ZEVI_NO_MEMORY,
  system = ZEVI_SYSTEM,
};

[[nodiscard]] inline std::string_view text(Status status) noexcept {
  return zevi_status_text(static_cast<zevi_status>(status));
}

/// When an event happened. The default is the moment of publishing.
using EventTime = std::chrono::sys_time<std::chrono::nanoseconds>;

/// A type with a topic and its own encoding, as the generated types of `zevi/events.hpp` have.
template <typename Event>
concept PublishableEvent = requires(const Event& event, std::uint8_t* at) {
  { Event::topic } -> std::convertible_to<std::string_view>;
  { event.encoded_bytes_max() }
  noexcept->std::same_as<std::size_t>;
  { event.encode(at) }
  noexcept->std::same_as<std::uint8_t*>;
};

namespace detail {

[[nodiscard]] constexpr std::int64_t time_ns(EventTime time) noexcept {
  return time.time_since_epoch().count();
}

}  // namespace detail

/// An event while its parameters are put. It is written straight into the ring of the thread that began it,
/// so it cannot be moved; ended without `commit` it is forgotten.
class [[nodiscard]] EventBuilder {
 public:
  EventBuilder(zevi_topic* topic, EventTime time) noexcept {
    static_cast<void>(zevi_event_begin(topic, detail::time_ns(time), &event_));
  }
  ~EventBuilder() {
    if (!is_committed_) zevi_event_cancel(&event_);
  }
  EventBuilder(const EventBuilder&) = delete;
  EventBuilder& operator=(const EventBuilder&) = delete;

  /// Each name is to be put once.
  template <std::integral Integer>
  EventBuilder& put(const char* name, Integer value) noexcept {
    if constexpr (std::same_as<Integer, bool>) {
      zevi_put_bool(&event_, name, value ? 1 : 0);
    } else if constexpr (std::is_signed_v<Integer>) {
      zevi_put_int(&event_, name, value);
    } else {
      zevi_put_uint(&event_, name, value);
    }
    return *this;
  }
  EventBuilder& put(const char* name, double value) noexcept {
    zevi_put_double(&event_, name, value);
    return *this;
  }
  EventBuilder& put(const char* name, std::nullptr_t) noexcept {
    zevi_put_nil(&event_, name);
    return *this;
  }
  /// Text that is not UTF-8 travels as bytes.
  EventBuilder& put(const char* name, std::string_view value) noexcept {
    zevi_put_string(&event_, name, value.data(), value.size());
    return *this;
  }
  /// A null pointer makes the event invalid.
  EventBuilder& put(const char* name, const char* value) noexcept {
    zevi_put_string(&event_, name, value, ZEVI_NUL_TERMINATED);
    return *this;
  }
  EventBuilder& put(const char* name, std::span<const std::byte> value) noexcept {
    zevi_put_bytes(&event_, name, value.data(), value.size());
    return *this;
  }
  /// Left out when there is no value.
  template <typename Value>
  EventBuilder& put(const char* name, const std::optional<Value>& value) noexcept {
    if (value) put(name, *value);
    return *this;
  }

  /// Ends the event. `Status::unwanted` is no error.
  Status commit() noexcept {
    is_committed_ = true;
    return static_cast<Status>(zevi_event_commit(&event_));
  }

 private:
  zevi_event event_{};
  bool is_committed_ = false;
};

/// A handle of a topic, cheap to copy, good until its publisher is closed and in children that are forked.
class Topic {
 public:
  explicit Topic(zevi_topic* handle) noexcept : handle_(handle) {}

  /// Whether anybody wants this topic's events. For work that is done for the event alone.
  [[nodiscard]] bool enabled() const noexcept { return zevi_wanted(handle_) != 0; }

  /// Begins an event.
  EventBuilder event(EventTime time = {}) const noexcept { return {handle_, time}; }

  /// Publishes a parameter map that is msgpack already, and is checked first.
  Status publish_encoded(std::string_view map, EventTime time = {}) const noexcept {
    return static_cast<Status>(zevi_publish_encoded(handle_, detail::time_ns(time), map.data(), map.size()));
  }

  /// Publishes a typed event, whatever its own topic is called.
  template <PublishableEvent Event>
  Status publish(const Event& event, EventTime time = {}) const noexcept {
    if (!enabled()) return static_cast<Status>(zevi_suppress(handle_));
    zevi_event record;
    std::uint8_t* at = nullptr;
    const zevi_status status =
        zevi_map_begin(handle_, detail::time_ns(time), event.encoded_bytes_max(), &record, &at);
    if (status != ZEVI_OK) return static_cast<Status>(status);
    return static_cast<Status>(zevi_map_commit(&record, event.encode(at)));
  }

  /// What happens to this topic's events when a ring is full, instead of what the publisher's options say:
  /// the newest is dropped, or waits for room at most so long (0 to 365 days; beyond is `Status::invalid`).
  Status drop_when_full() const noexcept {
    return static_cast<Status>(zevi_topic_set_full_policy(handle_, ZEVI_DROP, 0));
  }
  Status wait_when_full(std::chrono::nanoseconds at_most) const noexcept {
    if (at_most.count() < 0) return Status::invalid;
    const auto ns = static_cast<std::uint64_t>(at_most.count());
    return static_cast<Status>(zevi_topic_set_full_policy(handle_, ZEVI_WAIT, ns));
  }

  [[nodiscard]] zevi_topic* handle() const noexcept { return handle_; }

 private:
  zevi_topic* handle_;
};

/// The handle of the topic that `Event` belongs to: the fast way to publish typed events.
template <PublishableEvent Event>
class TypedTopic {
 public:
  explicit TypedTopic(Topic topic) noexcept : topic_(topic) {}

  [[nodiscard]] bool enabled() const noexcept { return topic_.enabled(); }
  Status publish(const Event& event, EventTime time = {}) const noexcept {
    return topic_.publish(event, time);
  }
  /// The topic without its type, for its policy.
  [[nodiscard]] const Topic& topic() const noexcept { return topic_; }

 private:
  Topic topic_;
};

/// The counts of this process; see `zevi_statistics`.
using Statistics = zevi_statistics;

/// The options with their defaults; see `zevi_publisher_options`. Texts are kept by the caller until the
/// publisher is open.
struct PublisherOptions : zevi_publisher_options {
  PublisherOptions() noexcept { zevi_publisher_options_init(this); }
};

/// Owns a publisher. Destruction closes it, waiting at most `linger_ns` for the broker; a child that leaves
/// by `_exit` need not close it.
class Publisher {
 public:
  /// Throws `zevi::Error` if an option is out of range or the system refuses a socket or a thread.
  explicit Publisher(const PublisherOptions& options = {}) {
    char why[512];
    if (zevi_publisher_open(&options, &handle_, why, sizeof why) != ZEVI_OK) {
      throw Error(std::string("cannot open a publisher: ") + why);
    }
  }
  ~Publisher() { static_cast<void>(zevi_publisher_close(handle_)); }
  Publisher(Publisher&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Publisher& operator=(Publisher&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }

  /// The handle of a topic; open it once and keep it. Throws `zevi::Error` if the name is no topic's, or if
  /// there are 1,024 already.
  [[nodiscard]] Topic topic(std::string_view name) const {
    zevi_topic* handle = nullptr;
    const zevi_status status = zevi_topic_open(handle_, name.data(), name.size(), &handle);
    if (status == ZEVI_OK) return Topic(handle);
    throw Error("cannot open topic " + std::string(name) + ": " +
                (status == ZEVI_INVALID
                     ? "a topic is 1 to 128 bytes of A-Z a-z 0-9 _ . - not beginning with E_ZEVI_"
                     : zevi_status_text(status)));
  }
  template <PublishableEvent Event>
  [[nodiscard]] TypedTopic<Event> topic() const {
    return TypedTopic<Event>(topic(std::string_view(Event::topic)));
  }

  /// Publishes a typed event. Looks its topic up each time, under a lock: a `TypedTopic` is faster.
  template <PublishableEvent Event>
  Status publish(const Event& event, EventTime time = {}) const noexcept {
    constexpr std::string_view name = Event::topic;
    zevi_topic* handle = nullptr;
    const zevi_status status = zevi_topic_open(handle_, name.data(), name.size(), &handle);
    return status == ZEVI_OK ? Topic(handle).publish(event, time) : static_cast<Status>(status);
  }

  /// Waits until everything published before has been acknowledged at its topic's level, or the time is up;
  /// `*unacknowledged` is how many events were not.
  Status flush(std::chrono::nanoseconds timeout, std::uint64_t* unacknowledged = nullptr) const noexcept {
    const auto at_most = static_cast<std::uint64_t>(timeout.count() > 0 ? timeout.count() : 0);
    return static_cast<Status>(zevi_publisher_flush(handle_, at_most, unacknowledged));
  }

  /// Closes before destruction and tells how that went. Nothing may be published any more.
  Status close() noexcept {
    return static_cast<Status>(zevi_publisher_close(std::exchange(handle_, nullptr)));
  }

  [[nodiscard]] Statistics statistics() const noexcept {
    Statistics statistics{};
    statistics.size = sizeof statistics;
    static_cast<void>(zevi_publisher_statistics(handle_, &statistics));
    return statistics;
  }

  [[nodiscard]] zevi_publisher* handle() const noexcept { return handle_; }

 private:
  zevi_publisher* handle_ = nullptr;
};

}  // namespace zevi

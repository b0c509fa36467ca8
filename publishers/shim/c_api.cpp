#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string_view>

#include "event.hpp"
#include "options.hpp"
#include "publisher.hpp"
#include "suppress.hpp"
#include "zevi/error.hpp"
#include "zevi/publisher.h"
#include "zevi/topic.hpp"

/// The C interface: nulls are looked at here, and nothing is thrown beyond here.

struct zevi_publisher : zevi::shim::Publisher {
  using Publisher::Publisher;
};

namespace {

using zevi::shim::Event;
using zevi::shim::Topic;

Topic* topic_of(zevi_topic* handle) noexcept {
  return static_cast<Topic*>(handle);
}

/// The caller's memory holds an `Event`, whose type has no constructor.
Event* event_of(zevi_event* event) noexcept {
  return reinterpret_cast<Event*>(event);
}

void write_error(const char* text, char* error, std::size_t error_bytes) noexcept {
  if (error == nullptr || error_bytes == 0) return;
  const std::size_t bytes = std::min(std::strlen(text), error_bytes - 1);
  std::memcpy(error, text, bytes);
  error[bytes] = '\0';
}

constexpr std::uint64_t longest_ns = std::uint64_t{365} * 24 * 3600 * 1'000'000'000;

}  // namespace

void zevi_publisher_options_init(zevi_publisher_options* options) {
  if (options != nullptr) zevi::shim::set_defaults(*options);
}

zevi_status zevi_publisher_open(const zevi_publisher_options* options, zevi_publisher** publisher,
                                char* error, size_t error_bytes) {
  write_error("", error, error_bytes);
  if (publisher == nullptr) {
    write_error("no place for the publisher was given", error, error_bytes);
    return ZEVI_INVALID;
  }
  *publisher = nullptr;
  zevi_status kind = ZEVI_INVALID;
  try {
    auto checked = zevi::shim::check_options(options);
    kind = ZEVI_SYSTEM;
    *publisher = new zevi_publisher(std::move(checked));
    return ZEVI_OK;
  } catch (const std::bad_alloc&) {
    write_error("out of memory", error, error_bytes);
    return ZEVI_NO_MEMORY;
  } catch (const std::exception& failure) {
    write_error(failure.what(), error, error_bytes);
    return kind;
  }
}

zevi_status zevi_publisher_flush(zevi_publisher* publisher, uint64_t timeout_ns, uint64_t* unacknowledged) {
  if (publisher == nullptr) return ZEVI_INVALID;
  std::uint64_t left = 0;
  zevi_status status = ZEVI_SYSTEM;
  try {
    status = publisher->flush(std::chrono::nanoseconds(std::min(timeout_ns, longest_ns)), left);
  } catch (const std::exception&) {
  }
  if (unacknowledged != nullptr) *unacknowledged = left;
  return status;
}

zevi_status zevi_publisher_close(zevi_publisher* publisher) {
  if (publisher == nullptr) return ZEVI_OK;
  const std::unique_ptr<zevi_publisher> closed(publisher);
  try {
    return closed->close();
  } catch (const std::exception&) {
    return ZEVI_SYSTEM;
  }
}

zevi_status zevi_topic_open(zevi_publisher* publisher, const char* name, size_t name_bytes,
                            zevi_topic** topic) {
  if (topic == nullptr) return ZEVI_INVALID;
  *topic = nullptr;
  if (publisher == nullptr || name == nullptr) return ZEVI_INVALID;
  const std::string_view text(name, name_bytes == ZEVI_NUL_TERMINATED ? std::strlen(name) : name_bytes);
  if (!zevi::is_topic(text) || zevi::is_reserved_topic(text)) return ZEVI_INVALID;
  try {
    *topic = publisher->topics().open(text);
  } catch (const std::exception&) {
    return ZEVI_NO_MEMORY;
  }
  return *topic == nullptr ? ZEVI_NO_MEMORY : ZEVI_OK;
}

zevi_status zevi_topic_set_full_policy(zevi_topic* topic, zevi_full_policy policy, uint64_t wait_max_ns) {
  if (topic == nullptr) return ZEVI_INVALID;
  const auto wait = zevi::shim::wait_under(policy, wait_max_ns);
  if (!wait) return ZEVI_INVALID;
  topic_of(topic)->set_wait_when_full(*wait);
  return ZEVI_OK;
}

int zevi_enabled(const zevi_topic* topic) {
  return topic != nullptr ? zevi_wanted(topic) : 0;
}

zevi_status zevi_suppress(zevi_topic* topic) {
  return topic == nullptr ? ZEVI_INVALID : zevi::shim::suppress(*topic_of(topic));
}

zevi_status zevi_event_begin(zevi_topic* topic, int64_t time_ns, zevi_event* event) {
  if (event == nullptr) return ZEVI_INVALID;
  if (topic == nullptr) {
    *event = zevi_event{};
    return ZEVI_INVALID;
  }
  return event_of(event)->begin(*topic_of(topic), time_ns);
}

void zevi_put_int(zevi_event* event, const char* name, int64_t value) {
  if (event != nullptr) event_of(event)->put_int(name, value);
}

void zevi_put_uint(zevi_event* event, const char* name, uint64_t value) {
  if (event != nullptr) event_of(event)->put_uint(name, value);
}

void zevi_put_double(zevi_event* event, const char* name, double value) {
  if (event != nullptr) event_of(event)->put_double(name, value);
}

void zevi_put_bool(zevi_event* event, const char* name, int value) {
  if (event != nullptr) event_of(event)->put_bool(name, value != 0);
}

void zevi_put_nil(zevi_event* event, const char* name) {
  if (event != nullptr) event_of(event)->put_nil(name);
}

void zevi_put_string(zevi_event* event, const char* name, const char* text, size_t text_bytes) {
  if (event != nullptr) event_of(event)->put_string(name, text, text_bytes);
}

void zevi_put_bytes(zevi_event* event, const char* name, const void* bytes, size_t size) {
  if (event != nullptr) event_of(event)->put_bytes(name, bytes, size);
}

zevi_status zevi_event_commit(zevi_event* event) {
  return event == nullptr ? ZEVI_INVALID : event_of(event)->commit();
}

void zevi_event_cancel(zevi_event* event) {
  if (event != nullptr) event_of(event)->cancel();
}

zevi_status zevi_map_begin(zevi_topic* topic, int64_t time_ns, size_t map_bytes_max, zevi_event* event,
                           uint8_t** at) {
  if (event == nullptr) return ZEVI_INVALID;
  if (topic == nullptr || at == nullptr) {
    *event = zevi_event{};
    return ZEVI_INVALID;
  }
  *at = nullptr;
  return event_of(event)->begin_map(*topic_of(topic), time_ns, map_bytes_max, *at);
}

zevi_status zevi_map_commit(zevi_event* event, const uint8_t* end) {
  return event == nullptr ? ZEVI_INVALID : event_of(event)->commit_map(end);
}

zevi_status zevi_publish_encoded(zevi_topic* topic, int64_t time_ns, const void* map, size_t map_bytes) {
  if (topic == nullptr || map == nullptr) return ZEVI_INVALID;
  return zevi::shim::publish_encoded(*topic_of(topic), time_ns, {static_cast<const char*>(map), map_bytes});
}

zevi_status zevi_publisher_statistics(const zevi_publisher* publisher, zevi_statistics* statistics) {
  if (publisher == nullptr || statistics == nullptr || statistics->size < sizeof statistics->size) {
    return ZEVI_INVALID;
  }
  zevi_statistics current{};
  current.size = std::min(statistics->size, sizeof current);
  publisher->statistics(current);
  // A caller with an older header has a shorter struct.
  std::memcpy(statistics, &current, current.size);
  return ZEVI_OK;
}

const char* zevi_status_text(zevi_status status) {
  switch (status) {
    case ZEVI_OK:
      return "success";
    case ZEVI_UNWANTED:
      return "nobody subscribes to the topic";
    case ZEVI_RING_FULL:
      return "the thread's ring is full";
    case ZEVI_TOO_LARGE:
      return "the event is larger than 64 KiB";
    case ZEVI_INVALID:
      return "an argument is out of range, or no valid event";
    case ZEVI_FORKED:
      return "the event was begun before a fork, or a child has no endpoint";
    case ZEVI_TIMEOUT:
      return "the time was up before everything was acknowledged";
    case ZEVI_NO_MEMORY:
      return "out of memory, or too many topics";
    case ZEVI_SYSTEM:
      return "a socket or thread could not be made";
  }
  return "unknown status";
}

const char* zevi_publisher_version(void) {
  return ZEVI_PUBLISHER_VERSION;
}

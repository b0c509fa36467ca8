#include "event.hpp"

#include <ctime>

#include <algorithm>
#include <cstring>

#include "lane.hpp"
#include "publisher.hpp"
#include "record.hpp"
#include "session.hpp"
#include "thread_lanes.hpp"
#include "zevi/pack.hpp"
#include "zevi/wire/body.hpp"

namespace zevi::shim {

namespace {

constexpr std::size_t map_offset = sizeof(RecordHead) + wire::entry_head_bytes;
constexpr std::size_t text_head_bytes_max = 5;
constexpr std::uint8_t pair_head = 0x92;
constexpr std::uint8_t uint64_head = 0xCF;
constexpr std::uint8_t int64_head = 0xD3;
constexpr std::size_t short_map_pairs_max = 15;

constexpr std::chrono::microseconds first_pause{20};
constexpr std::chrono::microseconds longest_pause{1000};

std::int64_t realtime_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void pause(std::chrono::nanoseconds duration) noexcept {
  const timespec time{0, static_cast<long>(duration.count())};
  nanosleep(&time, nullptr);
}

/// Waits until the ring has room again, at most so long.
std::uint8_t* wait_for_room(Lane& lane, Ring<>& ring, std::chrono::nanoseconds at_most) noexcept {
  using Clock = std::chrono::steady_clock;
  if (at_most.count() == 0) return nullptr;
  const Clock::time_point end = Clock::now() + at_most;
  lane.session().wakeup().wake();
  std::chrono::nanoseconds next_pause = first_pause;
  for (;;) {
    if (std::uint8_t* const record = ring.reserve(); record != nullptr) return record;
    const std::chrono::nanoseconds left = end - Clock::now();
    if (left.count() <= 0) return nullptr;
    pause(std::min(next_pause, left));
    next_pause = std::min<std::chrono::nanoseconds>(2 * next_pause, longest_pause);
  }
}

zevi_status reserve(Lane& lane, const Topic& topic, std::uint8_t*& record) noexcept {
  Ring<>* ring = lane.ring();
  if (ring == nullptr) {
    if (!lane.make_ring(lane.session().options().ring_bytes)) return ZEVI_NO_MEMORY;
    ring = lane.ring();
  }
  record = ring->reserve();
  if (record == nullptr) record = wait_for_room(lane, *ring, topic.wait_when_full());
  return record == nullptr ? ZEVI_RING_FULL : ZEVI_OK;
}

}  // namespace

zevi_status Event::fail(zevi_status status) noexcept {
  lane_ = nullptr;
  status_ = status;
  return status;
}

zevi_status Event::open(Topic& topic, std::int64_t time_ns) noexcept {
  topic_ = &topic;
  lane_ = nullptr;
  Lane* lane = nullptr;
  if (const zevi_status status = lane_of(topic.publisher, lane); status != ZEVI_OK) {
    topic.publisher.count_without_lane(status);
    return fail(status);
  }
  // Begun again, the event forgets what it held, so that a caller that once left one open can go on.
  if (lane->open_event() == this) lane->set_open_event(nullptr);
  if (!topic.is_wanted()) {
    lane->count_suppressed();
    return fail(ZEVI_UNWANTED);
  }
  if (lane->open_event() != nullptr) {
    lane->count_dropped(topic.index);
    return fail(ZEVI_INVALID);
  }
  if (const zevi_status status = reserve(*lane, topic, record_); status != ZEVI_OK) {
    lane->count_dropped(topic.index);
    return fail(status);
  }
  lane->set_open_event(this);
  lane_ = lane;
  status_ = ZEVI_OK;
  serial_ = topic.publisher.serial();
  time_ns_ = time_ns != 0 ? time_ns : realtime_ns();
  return ZEVI_OK;
}

zevi_status Event::begin(Topic& topic, std::int64_t time_ns) noexcept {
  parameters_ = 0;
  const zevi_status status = open(topic, time_ns);
  if (status != ZEVI_OK) return status;
  at_ = first_parameter();
  end_ = at_ + map_bound_max;
  return ZEVI_OK;
}

std::uint8_t* Event::first_parameter() const noexcept {
  return record_ + map_offset + map_head_bytes_max;
}

void Event::refuse(zevi_status why) noexcept {
  if (topic_ != nullptr && lane_ != nullptr && status_ == ZEVI_OK) status_ = why;
}

bool Event::put_name(const char* name, std::size_t value_bytes_max) noexcept {
  if (topic_ == nullptr || lane_ == nullptr || status_ != ZEVI_OK) return false;
  if (name == nullptr || parameters_ == whole_map) {
    refuse(ZEVI_INVALID);
    return false;
  }
  const std::string_view text(name);
  // There is more room than an event may take; what it did take is looked at when it is committed.
  if (text.size() > limits::event_bytes_max ||
      text_head_bytes_max + text.size() + value_bytes_max > static_cast<std::size_t>(end_ - at_)) {
    refuse(ZEVI_TOO_LARGE);
    return false;
  }
  at_ = pack::put_text(at_, text);
  ++parameters_;
  return true;
}

void Event::put_int(const char* name, std::int64_t value) noexcept {
  if (put_name(name, pack::head_bytes_max)) at_ = pack::put_int(at_, value);
}

void Event::put_uint(const char* name, std::uint64_t value) noexcept {
  if (put_name(name, pack::head_bytes_max)) at_ = pack::put_uint(at_, value);
}

void Event::put_double(const char* name, double value) noexcept {
  if (put_name(name, pack::head_bytes_max)) at_ = pack::put_double(at_, value);
}

void Event::put_bool(const char* name, bool value) noexcept {
  if (put_name(name, pack::head_bytes_max)) at_ = pack::put_bool(at_, value);
}

void Event::put_nil(const char* name) noexcept {
  if (put_name(name, pack::head_bytes_max)) at_ = pack::put_nil(at_);
}

void Event::put_string(const char* name, const char* text, std::size_t bytes) noexcept {
  if (text == nullptr && bytes != 0) return refuse(ZEVI_INVALID);
  if (bytes == ZEVI_NUL_TERMINATED) bytes = std::strlen(text);
  if (bytes > limits::event_bytes_max) return refuse(ZEVI_TOO_LARGE);
  if (put_name(name, text_head_bytes_max + bytes)) at_ = pack::put_text(at_, {text, bytes});
}

void Event::put_bytes(const char* name, const void* data, std::size_t bytes) noexcept {
  if (data == nullptr && bytes != 0) return refuse(ZEVI_INVALID);
  if (bytes > limits::event_bytes_max) return refuse(ZEVI_TOO_LARGE);
  if (put_name(name, text_head_bytes_max + bytes)) {
    at_ = pack::put_binary(at_, {static_cast<const char*>(data), bytes});
  }
}

zevi_status Event::commit() noexcept {
  if (topic_ != nullptr && lane_ != nullptr && parameters_ == whole_map) refuse(ZEVI_INVALID);
  if (!is_committable()) return close();
  std::uint8_t* const parameters = first_parameter();
  std::uint8_t* const map = parameters - (parameters_ <= short_map_pairs_max ? 1 : map_head_bytes_max);
  pack::put_map_head(map, parameters_);
  return publish(map, static_cast<std::size_t>(at_ - map));
}

zevi_status Event::begin_map(Topic& topic, std::int64_t time_ns, std::size_t bytes_max,
                             std::uint8_t*& at) noexcept {
  parameters_ = whole_map;
  const zevi_status status = open(topic, time_ns);
  if (status != ZEVI_OK) return status;
  if (bytes_max > map_bound_max) {
    status_ = ZEVI_TOO_LARGE;
    const zevi_status why = close();
    topic_ = &topic;
    return fail(why);
  }
  at_ = record_ + map_offset;
  end_ = at_ + bytes_max;
  at = at_;
  return ZEVI_OK;
}

zevi_status Event::commit_map(const std::uint8_t* end) noexcept {
  if (topic_ != nullptr && lane_ != nullptr && (parameters_ != whole_map || end <= at_ || end > end_)) {
    refuse(ZEVI_INVALID);
  }
  if (!is_committable()) return close();
  return publish(at_, static_cast<std::size_t>(end - at_));
}

void Event::cancel() noexcept {
  if (topic_ != nullptr && lane_ != nullptr && serial_ == topic_->publisher.serial()) {
    lane_->set_open_event(nullptr);
  }
  topic_ = nullptr;
}

bool Event::is_committable() const noexcept {
  return topic_ != nullptr && lane_ != nullptr && status_ == ZEVI_OK && serial_ == topic_->publisher.serial();
}

zevi_status Event::close() noexcept {
  if (topic_ == nullptr) return ZEVI_INVALID;
  const Topic& topic = *topic_;
  topic_ = nullptr;
  if (lane_ == nullptr) return static_cast<zevi_status>(status_);
  if (serial_ != topic.publisher.serial()) {
    // The lane is the parent's.
    topic.publisher.count_forked();
    return ZEVI_FORKED;
  }
  lane_->set_open_event(nullptr);
  lane_->count_dropped(topic.index);
  return static_cast<zevi_status>(status_);
}

zevi_status Event::publish(std::uint8_t* map, std::size_t map_bytes) noexcept {
  if (map_bytes > limits::event_bytes_max) {
    status_ = ZEVI_TOO_LARGE;
    return close();
  }
  std::uint8_t* const entry = map - wire::entry_head_bytes;
  entry[0] = pair_head;
  entry[1] = time_ns_ < 0 ? int64_head : uint64_head;
  pack::detail::put_big_endian(entry + 2, static_cast<std::uint64_t>(time_ns_));

  RecordHead head{};
  head.entry_bytes = static_cast<std::uint32_t>(wire::entry_head_bytes + map_bytes);
  head.topic = topic_->index;
  head.entry_offset = static_cast<std::uint16_t>(entry - (record_ + sizeof head));
  head.dropped = lane_->dropped(topic_->index);
  std::memcpy(record_, &head, sizeof head);

  lane_->count_published(topic_->index);
  Ring<>& ring = *lane_->ring();
  Wakeup& wakeup = lane_->session().wakeup();
  ring.commit(sizeof head + head.entry_offset + head.entry_bytes);
  wakeup.wake_if_sleeping();
  if (ring.is_half_full()) wakeup.hurry();
  lane_->set_open_event(nullptr);
  topic_ = nullptr;
  return ZEVI_OK;
}

zevi_status publish_encoded(Topic& topic, std::int64_t time_ns, std::string_view map) noexcept {
  Event event;
  std::uint8_t* at = nullptr;
  const zevi_status status = event.begin_map(topic, time_ns, map.size(), at);
  if (status != ZEVI_OK) return status;
  // An end at its beginning is no map, and is counted as such.
  if (map.size() <= limits::event_bytes_max && !wire::check_params(map)) return event.commit_map(at);
  return event.commit_map(pack::put_raw(at, map));
}

}  // namespace zevi::shim

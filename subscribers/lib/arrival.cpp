#include "arrival.hpp"

#include <limits>
#include <utility>

#include "zevi/topic.hpp"

namespace zevi::subscriber {

namespace {

/// Numbers that would run over while they are counted on.
bool runs_over(std::uint64_t first, std::uint32_t count) noexcept {
  return first > std::numeric_limits<std::uint64_t>::max() - count;
}

bool has_sound_numbers(const wire::StreamHeader& header) noexcept {
  if (runs_over(header.q, header.n)) return false;
  for (const wire::Run& run : header.r) {
    if (runs_over(run.p, run.count)) return false;
  }
  return true;
}

}  // namespace

bool Arrival::open(Frames&& frames, Feed feed) {
  frames_ = std::move(frames);
  topic_ = text_of(frames_[0]);
  places_.clear();
  next_ = 0;
  if (!is_topic(topic_)) return false;
  return (feed == Feed::stream ? open_stream() : open_events()) && has_sound_numbers(header_);
}

Frames Arrival::release() noexcept {
  places_.clear();
  next_ = 0;
  return std::move(frames_);
}

bool Arrival::open_stream() {
  body_ = text_of(frames_[2]);
  if (wire::decode(text_of(frames_[1]), header_) != wire::DecodeError::none) return false;
  if (header_.version < wire::version_min || header_.version > wire::version_max) return false;
  return static_cast<bool>(wire::check_body(body_, header_.n, places_));
}

bool Arrival::open_events() {
  body_ = text_of(frames_[1]);
  wire::EventMeta meta;
  if (wire::decode(text_of(frames_[2]), meta) != wire::DecodeError::none) return false;
  if (!wire::check_params(body_)) return false;
  header_.b = meta.b;
  header_.q = meta.q;
  header_.n = 1;
  header_.l = meta.l;
  header_.r.assign(1, {.id = meta.id,
                       .src = meta.src,
                       .pid = meta.pid,
                       .p = meta.p,
                       .count = 1,
                       .host = meta.host,
                       .origin = {}});
  places_.push_back(
      {.time_ns = meta.time_ns, .params_begin = 0, .params_end = static_cast<std::uint32_t>(body_.size())});
  return true;
}

}  // namespace zevi::subscriber

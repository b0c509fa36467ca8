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
  feed_ = feed;
  topic_ = text_of(frames_[0]);
  has_only_entry_ = false;
  body_ = wire::BodyReader({});
  if (!is_topic(topic_)) return false;
  return (feed == Feed::stream ? open_stream() : open_events()) && has_sound_numbers(header_);
}

bool Arrival::open_stream() {
  const std::string_view body = text_of(frames_[2]);
  if (wire::decode(text_of(frames_[1]), header_) != wire::DecodeError::none) return false;
  if (header_.version < wire::version_min || header_.version > wire::version_max) return false;
  if (!wire::check_body(body, header_.n)) return false;
  body_ = wire::BodyReader(body);
  return true;
}

bool Arrival::open_events() {
  const std::string_view params = text_of(frames_[1]);
  wire::EventMeta meta;
  if (wire::decode(text_of(frames_[2]), meta) != wire::DecodeError::none) return false;
  if (!wire::check_params(params)) return false;
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
  only_entry_ = {.time_ns = meta.time_ns, .params = params, .whole = params};
  has_only_entry_ = true;
  return true;
}

bool Arrival::next(wire::Entry& entry) noexcept {
  if (feed_ == Feed::stream) return body_.next(entry);
  if (!has_only_entry_) return false;
  has_only_entry_ = false;
  entry = only_entry_;
  return true;
}

}  // namespace zevi::subscriber

#include "batches.hpp"

#include <algorithm>
#include <utility>

#include "zevi/limits.hpp"

namespace zevi::shim {

void Batches::append(std::size_t topic, std::string_view entry) {
  Stream& stream = stream_of(topic);
  if (stream.body.size() + entry.size() > limits::message_bytes_max) close(stream);
  const std::size_t before = stream.body.size();
  stream.body.append(entry);
  open_bytes_ += stream.body.size() - before;
  if (stream.count == 0) open_.push_back(&stream);
  ++stream.count;
  ++stream.next_p;
}

void Batches::append_drops(std::size_t topic, std::uint64_t dropped) {
  Stream& stream = stream_of(topic);
  close(stream);
  stream.next_p += dropped;
  stream.dropped += dropped;
}

void Batches::close_all() {
  while (!open_.empty()) close(*open_.back());
}

void Batches::close(Stream& stream) {
  if (stream.count == 0) return;
  wire::EventsHeader header;
  header.t = stream.topic->name;
  header.s = window_.next();
  header.p = stream.next_p - stream.count;
  header.n = stream.count;
  header.d = stream.dropped;
  header.o = origin_;
  header_.clear();
  wire::encode(header, header_);

  Batch batch;
  batch.topic = stream.topic->index;
  batch.events = stream.count;
  batch.header = zmq::message_t(header_.data(), header_.size());
  const std::size_t body_bytes = stream.body.size();
  batch.body = stream.body.take(stream.count);
  open_bytes_ -= body_bytes;
  stream.count = 0;
  open_.erase(std::find(open_.begin(), open_.end(), &stream));
  window_.push(std::move(batch));
}

std::vector<wire::TopicCount> Batches::changed_drops() {
  std::vector<wire::TopicCount> changed;
  for (const auto& stream : streams_) {
    if (stream == nullptr || stream->dropped == stream->dropped_reported) continue;
    changed.push_back({stream->topic->name, stream->dropped});
    stream->dropped_reported = stream->dropped;
  }
  return changed;
}

void Batches::report_all_drops() noexcept {
  for (const auto& stream : streams_) {
    if (stream != nullptr) stream->dropped_reported = 0;
  }
}

Batches::Stream& Batches::stream_of(std::size_t topic) {
  if (topic >= streams_.size()) {
    // Room for all of them, so that an event that has its place in a body is always in an open batch.
    open_.reserve(topic + 1);
    streams_.resize(topic + 1);
  }
  std::unique_ptr<Stream>& stream = streams_[topic];
  if (stream == nullptr) {
    stream = std::make_unique<Stream>();
    stream->topic = &topics_.at(topic);
  }
  return *stream;
}

}  // namespace zevi::shim

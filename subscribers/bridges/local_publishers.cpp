#include "local_publishers.hpp"

#include <algorithm>

namespace zevi::bridges {

namespace {

// Each has threads of its own.
constexpr std::size_t locals_max = 32;

// Room for all that is published between two flushes, so that nothing is dropped.
constexpr std::size_t ring_bytes = std::size_t{4} * 1024 * 1024;

constexpr const char* unnamed = "zevi-bridge";

std::pair<std::string, std::string> key_of(const BroughtIn& event) {
  return {event.origin, event.src};
}

}  // namespace

bool LocalPublishers::is_full_for(const BroughtIn& event) const {
  return locals_.size() >= locals_max && locals_.count(key_of(event)) == 0;
}

LocalPublishers::Local& LocalPublishers::local_of(const BroughtIn& event) {
  const auto found = locals_.find(key_of(event));
  if (found != locals_.end()) return *found->second;
  PublisherOptions chosen;
  chosen.runtime_dir = options_.runtime_dir.empty() ? nullptr : options_.runtime_dir.c_str();
  chosen.endpoint = options_.endpoint.empty() ? nullptr : options_.endpoint.c_str();
  if (!options_.curve.key_file.empty()) {
    chosen.curve_key = options_.curve.key_file.c_str();
    chosen.curve_server_key = options_.curve.server_key.c_str();
  }
  chosen.name = event.src.empty() ? unnamed : event.src.c_str();
  chosen.origin = event.origin.c_str();
  chosen.ring_bytes = ring_bytes;
  return *locals_.emplace(key_of(event), std::make_unique<Local>(chosen)).first->second;
}

Status LocalPublishers::publish(const BroughtIn& event) {
  Local& local = local_of(event);
  auto topic = local.topics.find(event.topic);
  if (topic == local.topics.end()) {
    topic = local.topics.emplace(event.topic, local.publisher.topic(event.topic)).first;
  }
  return topic->second.publish_encoded(event.params, EventTime(std::chrono::nanoseconds(event.time_ns)));
}

bool LocalPublishers::flush(std::chrono::nanoseconds timeout) const {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  return std::all_of(locals_.begin(), locals_.end(), [deadline](const auto& entry) {
    return entry.second->publisher.flush(deadline - std::chrono::steady_clock::now()) == Status::ok;
  });
}

void LocalPublishers::close() {
  invalid_of_closed_ = invalid();
  locals_.clear();
}

bool LocalPublishers::connected() const {
  return std::all_of(locals_.begin(), locals_.end(),
                     [](const auto& entry) { return entry.second->publisher.statistics().connected != 0; });
}

std::uint64_t LocalPublishers::invalid() const {
  std::uint64_t sum = invalid_of_closed_;
  for (const auto& [key, local] : locals_) sum += local->publisher.statistics().invalid;
  return sum;
}

}  // namespace zevi::bridges

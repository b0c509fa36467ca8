#include "event_publisher.hpp"

#include <array>
#include <bit>

#include "zevi/error.hpp"

namespace zevi::ingest {

EventPublisher::EventPublisher(const Options& options) : linger_ns_(options.linger_ns) {
  zevi_publisher_options chosen;
  zevi_publisher_options_init(&chosen);
  if (!options.endpoint.empty()) chosen.endpoint = options.endpoint.c_str();
  if (!options.curve.key_file.empty()) {
    chosen.curve_key = options.curve.key_file.c_str();
    chosen.curve_server_key = options.curve.server_key.c_str();
  }
  if (!options.runtime_dir.empty()) chosen.runtime_dir = options.runtime_dir.c_str();
  chosen.name = options.name.c_str();
  chosen.full_policy = ZEVI_DROP;
  chosen.ring_bytes = std::bit_ceil(options.buffer_bytes);
  chosen.linger_ns = options.linger_ns;
  std::array<char, 256> error{};
  if (zevi_publisher_open(&chosen, &publisher_, error.data(), error.size()) != ZEVI_OK) {
    throw Error(error.data());
  }
}

EventPublisher::~EventPublisher() {
  zevi_publisher_close(publisher_);
}

zevi_status EventPublisher::publish(std::string_view topic, std::int64_t time_ns, std::string_view params) {
  auto found = topics_.find(topic);
  if (found == topics_.end()) {
    zevi_topic* opened = nullptr;
    const zevi_status status = zevi_topic_open(publisher_, topic.data(), topic.size(), &opened);
    if (status != ZEVI_OK) return status;
    found = topics_.emplace(topic, opened).first;
  }
  return zevi_publish_encoded(found->second, time_ns, params.data(), params.size());
}

zevi_statistics EventPublisher::statistics() const {
  zevi_statistics statistics{};
  statistics.size = sizeof statistics;
  zevi_publisher_statistics(publisher_, &statistics);
  return statistics;
}

std::uint64_t EventPublisher::flush() {
  std::uint64_t unacknowledged = 0;
  zevi_publisher_flush(publisher_, linger_ns_, &unacknowledged);
  return unacknowledged;
}

}  // namespace zevi::ingest

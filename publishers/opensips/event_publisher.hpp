#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "curve_options.hpp"
#include "zevi/publisher.h"

namespace zevi::ingest {

/// The publisher of this program: events of any topic, each by its name.
class EventPublisher {
 public:
  struct Options {
    std::string endpoint;  ///< empty: the broker of the runtime directory
    program::CurveOptions curve;
    std::string runtime_dir;  ///< empty: where everyone looks
    std::string name;
    std::uint64_t buffer_bytes = 0;
    std::uint64_t linger_ns = 0;
  };

  /// Throws `zevi::Error` for options that cannot be used; a broker need not run.
  explicit EventPublisher(const Options& options);
  ~EventPublisher();
  EventPublisher(const EventPublisher&) = delete;
  EventPublisher& operator=(const EventPublisher&) = delete;

  /// Never blocks: an event for which there is no room is dropped and counted, and subscribers see the count.
  /// `ZEVI_NO_MEMORY` when the topic is new and there are 1,024 already.
  [[nodiscard]] zevi_status publish(std::string_view topic, std::int64_t time_ns, std::string_view params);
  [[nodiscard]] zevi_statistics statistics() const;
  /// Waits for the broker at most the linger; the events that it has not acknowledged.
  [[nodiscard]] std::uint64_t flush();

 private:
  zevi_publisher* publisher_ = nullptr;
  std::uint64_t linger_ns_;
  std::map<std::string, zevi_topic*, std::less<>> topics_;
};

}  // namespace zevi::ingest

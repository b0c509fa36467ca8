#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "curve_options.hpp"
#include "zevi/publisher.h"

namespace zevi::pub {

/// A publisher of one topic that makes sure of what became of its events.
class Delivery {
 public:
  struct Options {
    std::string endpoint;
    program::CurveOptions curve;
    std::string name;
    std::string topic;
    std::chrono::nanoseconds timeout{0};  ///< of each wait for the broker
  };

  /// Connects and waits until the broker answers. Throws `zevi::Error` if it does not.
  explicit Delivery(const Options& options);
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  /// Publishes a parameter map, waiting for room. Throws `zevi::Error` if there is none in time.
  void publish(std::string_view params);
  /// Waits until the broker has acknowledged everything. Throws `zevi::Error` if it does not, or has refused
  /// events.
  void finish();
  /// Events that were not sent, because nobody wants them.
  [[nodiscard]] std::uint64_t unwanted() const noexcept { return unwanted_; }

 private:
  void open();
  void wait_connected();
  [[nodiscard]] zevi_statistics statistics() const;
  [[noreturn]] void fail(std::uint64_t unacknowledged) const;

  Options options_;
  zevi_publisher* publisher_ = nullptr;
  zevi_topic* topic_ = nullptr;
  std::uint64_t unwanted_ = 0;
};

}  // namespace zevi::pub

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "curve_options.hpp"
#include "unmapping.hpp"
#include "zevi/publisher.hpp"

namespace zevi::bridges {

/// Publishes to the local broker what came from a bus. An origin and a source belong to a publisher as a
/// whole, so there is one for each pair of them.
class LocalPublishers {
 public:
  struct Options {
    std::string runtime_dir;
    std::string endpoint;
    program::CurveOptions curve;
  };
  explicit LocalPublishers(Options options) : options_(std::move(options)) {}

  /// Whether a publisher more would be needed than there may be: `flush`, then `close`.
  [[nodiscard]] bool is_full_for(const BroughtIn& event) const;
  /// Throws `zevi::Error` if the event cannot be one here.
  [[nodiscard]] Status publish(const BroughtIn& event);
  /// Waits until the broker has all of it. False if it has not within the time.
  [[nodiscard]] bool flush(std::chrono::nanoseconds timeout) const;
  void close();

  [[nodiscard]] bool connected() const;
  /// Events that the broker has refused.
  [[nodiscard]] std::uint64_t invalid() const;

 private:
  struct Local {
    explicit Local(const PublisherOptions& options) : publisher(options) {}
    Publisher publisher;
    std::map<std::string, Topic> topics;
  };
  [[nodiscard]] Local& local_of(const BroughtIn& event);

  const Options options_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<Local>> locals_;  // by origin and source
  std::uint64_t invalid_of_closed_ = 0;
};

}  // namespace zevi::bridges

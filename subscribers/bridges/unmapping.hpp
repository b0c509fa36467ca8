#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "object.hpp"
#include "source.hpp"
#include "template.hpp"

namespace zevi::bridges {

/// An event out of a message, to be published here. Views are into the message or the `Unmapping`.
struct BroughtIn {
  std::string topic;
  std::string src;     ///< empty if the message does not say
  std::string origin;  ///< the sides that it has come through; empty if the message does not say
  std::int64_t time_ns = 0;
  std::string_view params;  ///< msgpack, not yet checked
};

/// Makes an event of a message: of what `zevi bridge to` sends, as JSON or as msgpack, and of every other
/// JSON object or msgpack map, which is then the event's parameters.
class Unmapping {
 public:
  /// `topic` is what the event is called here.
  Unmapping(Template topic, std::string name) : topic_(std::move(topic)), name_(std::move(name)) {}

  /// The empty string if that went well, else what is wrong, in words. What `event` refers to lives until the
  /// next call, and as long as the message.
  [[nodiscard]] std::string read(const Incoming& message, BroughtIn& event);

 private:
  [[nodiscard]] std::string read_json(std::string_view text, BroughtIn& event, std::string& host);
  [[nodiscard]] std::string read_msgpack(std::string_view bytes, BroughtIn& event, std::string& host);

  const Template topic_;
  const std::string name_;
  json::ObjectReader params_;
};

}  // namespace zevi::bridges

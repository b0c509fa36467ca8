#pragma once

#include <cstdint>
#include <string>

#include "bridge.hpp"
#include "template.hpp"
#include "zevi/subscriber/event.hpp"

namespace zevi::bridges {

enum class Payload : std::uint8_t {
  json,     ///< one object in a line
  msgpack,  ///< a map with the same keys
};

/// Makes a message of an event.
///
/// The payload holds all of the event, because not every bus has headers: `id`, `topic`, `q`, `epoch`,
/// `time_ns`, `src`, `host`, `pid`, `origin` and `params`. JSON is as `zevi sub` writes it. The origin is the
/// sides that the event has come through, this one the last, with commas between them: whoever takes the
/// event from the bus knows by it what has been there before.
///
/// The id is `PUBLISHER-TOPIC-P`, the publisher's own number of the event. Unlike epoch and `q` it stays the
/// same when an event is sent again to a broker that has lost its history, so that a bus which knows repeats
/// by their id knows that one too. An event without such a number has `EPOCH-TOPIC-Q`.
class Mapping {
 public:
  /// `name` is what this side calls itself.
  Mapping(Template subject, Payload payload, std::string name)
      : subject_(std::move(subject)), payload_(payload), name_(std::move(name)) {}

  [[nodiscard]] Outgoing map(const Event& event) const;

 private:
  const Template subject_;
  const Payload payload_;
  const std::string name_;
};

}  // namespace zevi::bridges

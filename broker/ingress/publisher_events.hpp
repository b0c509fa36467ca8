#pragma once

#include <cstdint>
#include <string_view>

#include "publisher.hpp"

namespace zevi::broker {

enum class DownReason : std::uint8_t {
  bye,     ///< it said so
  gone,    ///< its process is there no more
  silent,  ///< not heard for `limits::silence_max`
};

/// Is told what happens to publishers and to what they send.
class PublisherEvents {
 public:
  virtual ~PublisherEvents() = default;
  /// It said hello, or is heard `again` after it had been down.
  virtual void up(const Publisher& publisher, bool again) = 0;
  virtual void down(const Publisher& publisher, DownReason reason) = 0;
  virtual void dropped(const Publisher& publisher, const Topic& topic, std::uint64_t events) = 0;
  /// A batch was refused for good; `topic` is what its header said.
  virtual void refused(const Publisher& publisher, std::string_view topic, std::uint64_t events,
                       std::string_view reason) = 0;
};

}  // namespace zevi::broker

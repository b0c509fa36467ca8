#pragma once

#include "zevi/broker.hpp"
#include "zevi/wire/broker_messages.hpp"

namespace zevi::broker {

/// A level of the options as it is said to publishers.
[[nodiscard]] inline wire::AckLevel wire_level(AckLevel level) noexcept {
  switch (level) {
    case AckLevel::memory:
      return wire::AckLevel::memory;
    case AckLevel::written:
      return wire::AckLevel::written;
    case AckLevel::synced:
      return wire::AckLevel::synced;
  }
  return wire::AckLevel::memory;
}

}  // namespace zevi::broker

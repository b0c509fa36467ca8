#pragma once

#include "../bridge.hpp"

namespace zevi::bridges {

/// Events as lines of JSON in files. An event is acknowledged when the disk has it. What the end of a file
/// holds already is not written again, so that a bridge that was killed leaves every event there once.
extern const BusKind file_bus;

}  // namespace zevi::bridges

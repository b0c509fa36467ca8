#pragma once

#include "../bridge.hpp"

namespace zevi::bridges {

/// A command that reads events from its standard input, a line of JSON each, for as long as the bridge runs.
/// An event is acknowledged when the command has read it, or, on demand, when the command says so with a line
/// on its standard output. A command that ends is started again, and reads again what was not acknowledged.
extern const BusKind exec_bus;

}  // namespace zevi::bridges

#pragma once

#include <stdexcept>
#include <string>

namespace zevi {

/// A broken environment found while something is set up: a path that cannot be used, an option out of range,
/// a broker that runs already. `what()` names the thing, the reason and the remedy, in one line without a
/// trailing full stop, ready to be printed behind a program's name.
class __attribute__((visibility("default"))) Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(message) {}
};

}  // namespace zevi

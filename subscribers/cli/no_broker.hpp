#pragma once

#include "zevi/error.hpp"

namespace zevi::cli {

/// Nobody answers where the broker should be.
class NoBroker : public Error {
 public:
  using Error::Error;
};

}  // namespace zevi::cli

#pragma once

#include <string>

#include "options.hpp"

namespace zevi::shim {

/// Where the broker is to be found. A runtime directory that no option names is looked for each time: it may
/// come to be when the broker is first started.
class Address {
 public:
  /// A child uses the endpoint that is meant for it, and its own ZeroMQ context.
  Address(const Options& options, bool is_child);

  /// The endpoint, or an empty string while there is no runtime directory.
  [[nodiscard]] std::string find() const;
  [[nodiscard]] bool is_inproc() const noexcept { return endpoint_.starts_with("inproc://"); }
  /// How to prove who we are there.
  [[nodiscard]] const CurveClient& curve() const noexcept { return curve_; }
  [[nodiscard]] bool is_tcp() const noexcept { return endpoint_.starts_with("tcp://"); }

 private:
  CurveClient curve_;
  std::string endpoint_;
  std::string runtime_dir_;
  RuntimeVariables variables_;
};

}  // namespace zevi::shim
